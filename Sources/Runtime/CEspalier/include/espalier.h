#ifndef ESPALIER_H
#define ESPALIER_H
#endif
