// The products of conv_winograd_u8 where a tile of registers is one panel wide: the including file gives
// products[rows] for 1 … ROWS_LIMIT tiles.

static void multiply_planes(
    const winograd_u8_blocks *b, const winograd_item *item, const int16_t *v, const int16_t *u, int32_t *y) {
  const size_t width = (size_t)item->panels * WINOGRAD_PANEL;
  const uint32_t parts = winograd_blocks_of(item->tiles, ROWS_LIMIT);
  for (uint32_t point = 0; point < b->cut.points; point++) {
    for (uint32_t panel = 0; panel < item->panels; panel++)
      for (uint32_t i = 0; i < parts; i++) {
        const uint32_t start = winograd_part(item->tiles, parts, i);
        products[winograd_part(item->tiles, parts, i + 1) - start](
            v + start * b->cut.row, b->cut.row, b->pairs, u + (size_t)panel * b->pairs * 32,
            y + start * width + panel * WINOGRAD_PANEL, width);
      }
    v += b->cut.input_plane;
    u += b->weight_plane;
    y += b->cut.output_plane;
  }
}
