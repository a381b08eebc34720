// The definition of conv_depthwise_u8.
#include "conv_depthwise_u8_body.h"

void espalier_conv_depthwise_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}
