// What the system's kernel says of a 64-bit Arm processor: reading its identification registers is not
// allowed everywhere.
#include "espalier_platform.h"

#if defined(__aarch64__)
#include <sys/auxv.h>

// Bits of the auxiliary vector, as Linux's arch/arm64/include/uapi/asm/hwcap.h numbers them.
enum { dotprod_bit = 20, i8mm_bit = 13 };

bool espalier_arm_has_dotprod(void) { return getauxval(AT_HWCAP) >> dotprod_bit & 1; }

bool espalier_arm_has_i8mm(void) { return getauxval(AT_HWCAP2) >> i8mm_bit & 1; }

#else

bool espalier_arm_has_dotprod(void) { return false; }

bool espalier_arm_has_i8mm(void) { return false; }

#endif
