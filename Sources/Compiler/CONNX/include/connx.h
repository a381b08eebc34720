#ifndef ESPALIER_ONNX_H
#define ESPALIER_ONNX_H
#endif
