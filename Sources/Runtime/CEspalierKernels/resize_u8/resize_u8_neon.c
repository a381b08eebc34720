// resize_u8 by vectors of 16 bytes; see resize_u8_vector.h.
#if defined(__aarch64__)
#include <math.h>

#include "../common/byte_vector_neon.h"
#include "../common/view.h"
#include "resize_u8_vector.h"

void espalier_resize_u8_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run_vectors(call, first, end);
}

#endif
