// Holds the kernels of every instruction set that this processor has against the portable ones, by random
// calls.
//
//     kernel_agreement [ROUNDS] [SEED]
//
// For processors on which the Swift tests do not run: tools/test-aarch64 runs it in an emulator. Prints what
// was compared. Exits 1 with a sentence on the first difference.
#include <stdio.h>
#include <stdlib.h>

#include "agreement.h"
#include "espalier_platform.h"

// How often a round tries each.
static const struct {
  void (*attempt)(void);
  int times;
} attempts[] = {
    {try_conv_gemm_u8, 4}, {try_conv_depthwise_u8, 3}, {try_pool_u8, 1}, {try_resize_u8, 1},
    {try_views_u8, 4},     {try_conv_gemm_f32, 2},     {try_conv_depthwise_f32, 1}, {try_images_f32, 2},
    {try_views_f32, 3},    {try_sums_f32, 3},          {try_conv_winograd_f32, 1}, {try_conv_winograd_u8, 3},
    {try_frame_u8, 4},
};

int main(int argc, char **argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 100;
  seed_random(argc > 2 ? (uint64_t)atoll(argv[2]) : 1);
  espalier_float_mode_enter();
  for (int round = 0; round < rounds; round++)
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
      for (int time = 0; time < attempts[i].times; time++) attempts[i].attempt();
  printf("%zu calls agree with the portable kernels, in %zu runs up to %s\n", compared_calls, compared_runs,
         espalier_isa_name(espalier_isa_best()));
  return compared_runs > compared_calls ? 0 : 1;
}
