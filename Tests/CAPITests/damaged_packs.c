// A pack that was cut short or changed: opening it must fail with a sentence, or give a model that runs.
//
//     damaged_packs PACK [TRIES]        TRIES: 400
//
// Cuts and changes come in three kinds: the file ends early; a byte is another one; a byte of a section is another one
// and the checksums are mended, so that what reads sections sees it. The memory ends where the pack ends, so that tools
// which watch memory see a byte read too far. Prints what became of them.
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static uint32_t seed = 20260922;

// Source: Marsaglia, Xorshift RNGs, 2003.
static uint32_t random_below(uint32_t limit) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return limit == 0 ? 0 : seed % limit;
}

// CRC-32C, byte by byte. Source: RFC 3720, appendix B.4.
static uint32_t checksum(const unsigned char *bytes, size_t count) {
  static uint32_t table[256];
  for (uint32_t i = 0; table[255] == 0 && i < 256; i++) {
    table[i] = i;
    for (int bit = 0; bit < 8; bit++) table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0x82F63B78u : 0);
  }
  uint32_t crc = ~0u;
  for (size_t i = 0; i < count; i++) crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 255];
  return ~crc;
}

static uint32_t u32(const unsigned char *at) { return *(const uint32_t *)(const void *)at; }
static uint64_t u64(const unsigned char *at) { return *(const uint64_t *)(const void *)at; }
static void put(unsigned char *at, uint32_t value) { memcpy(at, &value, sizeof value); }

// Mends a section's checksum and the header's.
static void mend(unsigned char *pack, uint32_t section) {
  unsigned char *entry = pack + 64 + 32 * (size_t)section;
  put(entry + 24, checksum(pack + u64(entry + 8), (size_t)u64(entry + 16)));
  put(pack + 32, 0);
  put(pack + 32, checksum(pack, u32(pack + 20)));
}

typedef struct tally {
  unsigned refused, run;
} tally;

// Opens, and where that succeeds runs a frame.
static void try_pack(const unsigned char *bytes, size_t count, tally *tally) {
  espalier_error error;
  espalier_model *model = espalier_model_open_memory(bytes, count, unfilled(&error));
  if (model == NULL) {
    require_sentence(&error, ESPALIER_INVALID_MODEL, "espalier_model_open_memory", __LINE__);
    tally->refused++;
    return;
  }
  espalier_session *session = espalier_session_create(model, NULL, unfilled(&error));
  REQUIRE(session != NULL || error.status == ESPALIER_OUT_OF_MEMORY, "%s", error.message);
  buffers b = make_buffers(model);
  if (session != NULL)
    DONE(espalier_session_run(session, b.inputs, b.input_count, b.outputs, b.output_count, error));
  espalier_session_destroy(session);
  espalier_model_close(model);
  free_buffers(&b);
  tally->run++;
}

// A copy whose memory ends where the pack ends.
static unsigned char *copy_of(const unsigned char *pack, size_t count) {
  void *copy = NULL;
  REQUIRE(posix_memalign(&copy, 64, count + 1) == 0 && (copy = realloc(copy, count ? count : 1)) != NULL, "no memory");
  if ((uintptr_t)copy % 64 != 0) {
    free(copy);
    REQUIRE(posix_memalign(&copy, 64, count ? count : 1) == 0, "no memory");
  }
  memcpy(copy, pack, count);
  return copy;
}

static void cut_short(const unsigned char *pack, size_t count, unsigned tries, tally *tally) {
  for (unsigned i = 0; i < tries; i++) {
    const size_t length = i < 80 ? i * 2 : random_below((uint32_t)count);
    unsigned char *copy = copy_of(pack, length);
    try_pack(copy, length, tally);
    free(copy);
  }
}

static void change_bytes(unsigned char *pack, size_t count, unsigned tries, tally *tally) {
  for (unsigned i = 0; i < tries; i++) {
    const size_t place = i < 96 ? i : random_below((uint32_t)count);
    const unsigned char before = pack[place];
    pack[place] ^= (unsigned char)(1 + random_below(255));
    try_pack(pack, count, tally);
    pack[place] = before;
  }
}

static void change_sections(unsigned char *pack, size_t count, unsigned tries, tally *tally) {
  static const unsigned char extremes[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
  const uint32_t sections = u32(pack + 16);
  for (unsigned i = 0; i < tries; i++) {
    const uint32_t section = i % sections;
    const unsigned char *entry = pack + 64 + 32 * (size_t)section;
    const size_t offset = (size_t)u64(entry + 8), length = (size_t)u64(entry + 16);
    unsigned char before[4], *place = pack + offset + random_below((uint32_t)length);
    const size_t room = (size_t)(pack + count - place), width = room < 4 ? room : 1 + random_below(4);
    memcpy(before, place, width);
    for (size_t k = 0; k < width; k++)
      place[k] = random_below(3) ? extremes[random_below(5)] : (unsigned char)random_below(256);
    mend(pack, section);
    try_pack(pack, count, tally);
    memcpy(place, before, width);
    mend(pack, section);
  }
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2 || argc == 3, "usage: damaged_packs PACK [TRIES]");
  const unsigned tries = argc == 3 ? (unsigned)atoi(argv[2]) : 400;
  size_t count;
  unsigned char *pack = file_bytes(argv[1], &count);
  tally whole = {0, 0}, cut = {0, 0}, changed = {0, 0}, mended = {0, 0};
  try_pack(pack, count, &whole);
  REQUIRE(whole.run == 1, "the pack is sound");
  mend(pack, 0);
  try_pack(pack, count, &whole);
  REQUIRE(whole.run == 2, "mending what is whole changes nothing");
  cut_short(pack, count, tries, &cut);
  REQUIRE(cut.run == 0, "%u packs that were cut short opened", cut.run);
  change_bytes(pack, count, tries, &changed);
  change_sections(pack, count, tries, &mended);
  try_pack(pack, count, &whole);
  REQUIRE(whole.run == 3, "all changes were taken back");
  printf("damaged_packs: cut short: %u refused; changed: %u refused, %u run; changed with checksums mended: %u refused, "
         "%u run\n", cut.refused, changed.refused, changed.run, mended.refused, mended.run);
  free(pack);
  return 0;
}
