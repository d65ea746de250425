#include "flash_fake.h"

#include <stdlib.h>
#include <string.h>

enum unit_state {
  UNIT_ERASED,     /* in this power-up */
  UNIT_ERASED_OLD, /* before: must be erased again */
  UNIT_PROGRAMMED,
  UNIT_TORN,        /* programming was cut */
  UNIT_HALF_ERASED, /* erasing was cut */
  UNIT_STATES,
  UNIT_UNREADABLE = 0x80 /* with one of the above */
};

/* What a sector holds, so that power-ups and copies pass over the others. */
enum sector_mark {
  MARK_FRESH = 1,      /* units erased in this power-up */
  MARK_TORN = 2,       /* torn units */
  MARK_HALF = 4,       /* its erasing was cut */
  MARK_UNREADABLE = 8, /* unreadable units, perhaps */
  MARK_UNSYNCED = 16
};

/* Versions are unique over all fakes, so that equal versions mean equal content. */
static uint64_t last_version;

static uint32_t unit_count(const flash_fake_t *flash) {
  return flash->port.size_bytes / flash->shape.prog_size;
}

static void violate(flash_fake_t *flash, const char *rule) {
  if (flash->violation == NULL) {
    flash->violation = rule;
  }
}

static uint8_t erased_byte(flash_fake_t *flash) {
  int value = flash->shape.erased_value;
  return value == FLASH_FAKE_NOISE ? (uint8_t)prng_next(&flash->prng) : (uint8_t)value;
}

static void fill_erased(flash_fake_t *flash, uint32_t offset, uint32_t length) {
  if (flash->shape.erased_value != FLASH_FAKE_NOISE) {
    memset(flash->bytes + offset, flash->shape.erased_value, length);
    return;
  }
  prng_fill(&flash->prng, flash->bytes + offset, length);
}

static void touch(flash_fake_t *flash, uint32_t offset, uint32_t marks) {
  flash->versions[offset / flash->shape.erase_size] = ++last_version;
  flash->marks[offset / flash->shape.erase_size] |= (uint8_t)marks;
}

/* The log writes in order: few sectors wait for a sync. */
static void touch_unsynced(flash_fake_t *flash, uint32_t offset, uint32_t marks) {
  uint32_t sector = offset / flash->shape.erase_size;
  bool none = flash->unsynced_from == flash->unsynced_to;
  touch(flash, offset, marks | MARK_UNSYNCED);
  flash->unsynced_from = none || sector < flash->unsynced_from ? sector : flash->unsynced_from;
  flash->unsynced_to = none || sector >= flash->unsynced_to ? sector + 1u : flash->unsynced_to;
}

static bool has_unreadable(const flash_fake_t *flash, uint32_t offset, uint32_t last) {
  for (uint32_t u = offset / flash->shape.prog_size; u <= last / flash->shape.prog_size; u++) {
    if ((flash->units[u] & UNIT_UNREADABLE) != 0) {
      return true;
    }
  }
  return false;
}

static bool hits_bad(const flash_fake_t *flash, uint32_t offset, uint32_t length, bool write) {
  for (uint32_t i = 0; i < flash->bad_count; i++) {
    bool kind = write ? flash->bad[i].write : flash->bad[i].read;
    bool overlaps = offset < flash->bad[i].offset + flash->bad[i].length &&
                    flash->bad[i].offset < offset + length;
    if (kind && overlaps) {
      return true;
    }
  }
  return false;
}

/* A sector with a bad unit may still be erased; one that is bad as a whole may not. */
static bool whole_bad(const flash_fake_t *flash, uint32_t offset, uint32_t length) {
  for (uint32_t i = 0; i < flash->bad_count; i++) {
    if (flash->bad[i].write && flash->bad[i].offset <= offset &&
        flash->bad[i].offset + flash->bad[i].length >= offset + length) {
      return true;
    }
  }
  return false;
}

static vn_err_t fake_read(void *context, uint32_t offset, void *to, uint32_t length) {
  flash_fake_t *flash = context;
  flash->reads++;
  flash->bytes_read += length;
  if (offset > flash->port.size_bytes || length > flash->port.size_bytes - offset) {
    violate(flash, "read outside the region");
    return VN_ERR_FLASH;
  }
  if (flash->dead || hits_bad(flash, offset, length, false)) {
    return VN_ERR_FLASH;
  }
  uint32_t last = length == 0 ? offset : offset + length - 1u;
  uint32_t sector = offset / flash->shape.erase_size;
  /* The log reads within a sector. */
  if (last - sector * flash->shape.erase_size >= flash->shape.erase_size) {
    violate(flash, "read across sectors");
  }
  if ((flash->marks[sector] & MARK_UNREADABLE) != 0 && has_unreadable(flash, offset, last)) {
    return VN_ERR_FLASH;
  }
  memcpy(to, flash->bytes + offset, length);
  return VN_OK;
}

/* A new value for a torn unit: what was meant, what was there, a mix of both, or no value. */
static void roll_unit(flash_fake_t *flash, uint32_t unit) {
  uint32_t size = flash->shape.prog_size;
  uint8_t *to = flash->bytes + (size_t)unit * size;
  const uint8_t *meant = flash->intended + (size_t)unit * size;
  uint32_t kind = prng_below(&flash->prng, flash->shape.ecc ? 5u : 4u);
  flash->units[unit] = UNIT_TORN;
  for (uint32_t i = 0; i < size; i++) {
    uint8_t blank = erased_byte(flash);
    uint8_t mask = kind == 0 ? 0 : kind == 1 ? 0xFF : (uint8_t)prng_next(&flash->prng);
    to[i] = (uint8_t)((meant[i] & mask) | (blank & ~mask));
  }
  if (kind == 3) { /* whole but for a few bits */
    memcpy(to, meant, size);
    to[prng_below(&flash->prng, size)] ^= (uint8_t)(1u << prng_below(&flash->prng, 8));
  } else if (kind == 4) {
    flash->units[unit] |= UNIT_UNREADABLE;
  }
}

/* The content of a half-erased sector as it reads in this power-up. */
static void roll_sector(flash_fake_t *flash, uint32_t sector, flash_fake_cut_t kind) {
  uint32_t size = flash->shape.erase_size;
  uint32_t prog = flash->shape.prog_size;
  uint32_t base = sector * size;
  uint32_t border = prng_below(&flash->prng, size / prog + 1u) * prog;
  bool from_end = prng_chance(&flash->prng, 50);
  for (uint32_t at = 0; at < size; at += prog) {
    uint32_t unit = (base + at) / prog;
    bool zero = (at < border) != from_end;
    uint32_t pick = kind == CUT_ERASE_MIX ? prng_below(&flash->prng, 3) : 3;
    flash->units[unit] = UNIT_HALF_ERASED;
    if (kind == CUT_ERASE_OLD || pick == 0 || (kind == CUT_ERASE_ZEROS && !zero)) {
      memcpy(flash->bytes + base + at, flash->intended + base + at, prog);
    } else if (pick == 1 || kind == CUT_ERASE_ZEROS) {
      memset(flash->bytes + base + at, 0, prog);
    } else {
      fill_erased(flash, base + at, prog);
    }
    if (kind == CUT_ERASE_MIX && flash->shape.ecc && prng_chance(&flash->prng, 10)) {
      flash->units[unit] |= UNIT_UNREADABLE;
    }
  }
  touch(flash, base, MARK_HALF | MARK_UNREADABLE);
}

static void tear_erase(flash_fake_t *flash, uint32_t offset, flash_fake_cut_t cut) {
  memcpy(flash->intended + offset, flash->bytes + offset, flash->shape.erase_size);
  roll_sector(flash, offset / flash->shape.erase_size, cut);
}

static void program_unit(flash_fake_t *flash, uint32_t offset, const uint8_t *from) {
  memcpy(flash->bytes + offset, from, flash->shape.prog_size);
  flash->units[offset / flash->shape.prog_size] = UNIT_PROGRAMMED;
}

static void tear_unit(flash_fake_t *flash, uint32_t offset, const uint8_t *from) {
  memcpy(flash->intended + offset, from, flash->shape.prog_size);
  flash->units[offset / flash->shape.prog_size] = UNIT_TORN;
  roll_unit(flash, offset / flash->shape.prog_size);
}

static void tear_program(flash_fake_t *flash, const flash_fake_operation_t *operation,
                         flash_fake_cut_t cut) {
  uint32_t prog = flash->shape.prog_size;
  uint32_t torn = prng_below(&flash->prng, operation->length / prog) * prog;
  for (uint32_t at = 0; at < operation->length; at += prog) {
    const uint8_t *from = operation->from + at;
    uint32_t to = operation->offset + at;
    bool last = at + prog == operation->length;
    if (cut == CUT_PROG_TORN || (cut == CUT_PROG_ALMOST && last) ||
        (cut == CUT_PROG_SOME && at == torn)) {
      tear_unit(flash, to, from);
    } else if (cut == CUT_PROG_ALMOST || (cut == CUT_PROG_SOME && prng_chance(&flash->prng, 50))) {
      program_unit(flash, to, from);
    }
  }
}

/* A page cache wrote back some of what was not synced, and forgot the rest. */
static void lose_unsynced(flash_fake_t *flash) {
  uint32_t units = flash->shape.erase_size / flash->shape.prog_size;
  for (uint32_t u = flash->unsynced_from * units; u < flash->unsynced_to * units; u++) {
    if (flash->unsynced[u] != 0 && prng_chance(&flash->prng, 40)) {
      uint32_t offset = u * flash->shape.prog_size;
      fill_erased(flash, offset, flash->shape.prog_size);
      touch(flash, offset, 0);
    }
  }
}

void flash_fake_tear(flash_fake_t *flash, const flash_fake_operation_t *operation,
                     flash_fake_cut_t cut) {
  if (operation->erase) {
    tear_erase(flash, operation->offset, cut);
  } else {
    tear_program(flash, operation, cut);
  }
  touch(flash, operation->offset, operation->erase ? 0 : MARK_TORN | MARK_UNREADABLE);
  if (flash->shape.cached) {
    lose_unsynced(flash);
  }
  flash->dead = true;
}

/* The hook, the counter and the cut; false when the power goes off with this operation. */
static bool operation_runs(flash_fake_t *flash, const flash_fake_operation_t *operation) {
  if (flash->dead) {
    return false;
  }
  if (flash->before != NULL) {
    flash->before(flash->before_context, operation);
  }
  flash->operations++;
  if (flash->cut_at != 0 && flash->operations == flash->cut_at) {
    flash_fake_tear(flash, operation, operation->erase ? flash->erase_cut : flash->program_cut);
    return false;
  }
  return true;
}

static vn_err_t fake_prog(void *context, uint32_t offset, const void *from, uint32_t length) {
  flash_fake_t *flash = context;
  uint32_t prog = flash->shape.prog_size;
  flash_fake_operation_t operation = {false, offset, length, from};
  if (offset % prog != 0 || length % prog != 0 || length == 0 || offset > flash->port.size_bytes ||
      length > flash->port.size_bytes - offset) {
    violate(flash, "program outside the region or not of whole units");
    return VN_ERR_FLASH;
  }
  if (!operation_runs(flash, &operation) || hits_bad(flash, offset, length, true)) {
    return VN_ERR_FLASH;
  }
  uint32_t unit = offset / prog;
  uint32_t units = length / prog;
  for (uint32_t u = unit; u < unit + units; u++) {
    if (flash->units[u] != UNIT_ERASED) {
      violate(flash, "program of a unit that was not erased in this power-up");
    }
    flash->units[u] = UNIT_PROGRAMMED;
    flash->unsynced[u] = 1;
  }
  memcpy(flash->bytes + offset, from, length);
  touch_unsynced(flash, offset, 0);
  flash->programs++;
  flash->bytes_programmed += length;
  return VN_OK;
}

static vn_err_t fake_erase(void *context, uint32_t offset, uint32_t length) {
  flash_fake_t *flash = context;
  flash_fake_operation_t operation = {true, offset, length, NULL};
  if (offset % flash->shape.erase_size != 0 || length != flash->shape.erase_size ||
      offset >= flash->port.size_bytes) {
    violate(flash, "erase of something else than a sector");
    return VN_ERR_FLASH;
  }
  if (!operation_runs(flash, &operation) || whole_bad(flash, offset, length)) {
    return VN_ERR_FLASH;
  }
  uint32_t units = length / flash->shape.prog_size;
  fill_erased(flash, offset, length);
  memset(flash->units + offset / flash->shape.prog_size, UNIT_ERASED, units);
  memset(flash->unsynced + offset / flash->shape.prog_size, 1, units);
  flash->marks[offset / length] = 0;
  touch_unsynced(flash, offset, MARK_FRESH);
  flash->erases++;
  flash->wear[offset / length]++;
  return VN_OK;
}

static void forget_unsynced(flash_fake_t *flash) {
  uint32_t units = flash->shape.erase_size / flash->shape.prog_size;
  for (uint32_t i = flash->unsynced_from; i < flash->unsynced_to; i++) {
    if ((flash->marks[i] & MARK_UNSYNCED) != 0) {
      memset(flash->unsynced + (size_t)i * units, 0, units);
      flash->marks[i] &= (uint8_t)~MARK_UNSYNCED;
      flash->versions[i] = ++last_version;
    }
  }
  flash->unsynced_from = flash->unsynced_to = 0;
}

static vn_err_t fake_sync(void *context) {
  flash_fake_t *flash = context;
  if (flash->dead) {
    return VN_ERR_FLASH;
  }
  flash->syncs++;
  forget_unsynced(flash);
  return VN_OK;
}

flash_fake_t *flash_fake_new(const flash_fake_shape_t *shape, uint64_t seed) {
  flash_fake_t *flash = calloc(1, sizeof *flash);
  uint32_t size = shape->erase_size * shape->sector_count;
  if (flash == NULL) {
    abort();
  }
  flash->shape = *shape;
  flash->port = (vn_flash_t){flash,     size,      shape->erase_size, shape->prog_size,
                             fake_read, fake_prog, fake_erase,        fake_sync};
  flash->prng = prng_make(seed, 1);
  flash->bytes = calloc(2, size);
  flash->intended = flash->bytes + size;
  flash->units = calloc(2, unit_count(flash));
  flash->unsynced = flash->units + unit_count(flash);
  flash->versions = calloc(shape->sector_count, sizeof *flash->versions);
  flash->wear = calloc(shape->sector_count, sizeof *flash->wear);
  flash->marks = calloc(shape->sector_count, sizeof *flash->marks);
  if (flash->bytes == NULL || flash->units == NULL || flash->versions == NULL ||
      flash->wear == NULL || flash->marks == NULL) {
    abort();
  }
  fill_erased(flash, 0, size);
  memset(flash->units, UNIT_ERASED_OLD, unit_count(flash));
  for (uint32_t i = 0; i < shape->sector_count; i++) {
    flash->versions[i] = ++last_version;
  }
  return flash;
}

void flash_fake_free(flash_fake_t *flash) {
  free(flash->bytes);
  free(flash->units);
  free(flash->versions);
  free(flash->wear);
  free(flash->marks);
  free(flash);
}

static void copy_sector(flash_fake_t *to, const flash_fake_t *from, uint32_t sector) {
  uint32_t size = from->shape.erase_size;
  uint32_t units = size / from->shape.prog_size;
  size_t byte = (size_t)sector * size;
  size_t unit = (size_t)sector * units;
  memcpy(to->bytes + byte, from->bytes + byte, size);
  memcpy(to->units + unit, from->units + unit, units);
  if ((from->marks[sector] & (MARK_TORN | MARK_HALF)) != 0) {
    memcpy(to->intended + byte, from->intended + byte, size);
  }
  memcpy(to->unsynced + unit, from->unsynced + unit, units);
  to->versions[sector] = from->versions[sector];
  to->marks[sector] = from->marks[sector];
}

void flash_fake_copy(flash_fake_t *to, const flash_fake_t *from) {
  for (uint32_t i = 0; i < from->shape.sector_count; i++) {
    if (to->versions[i] != from->versions[i]) {
      copy_sector(to, from, i);
    }
  }
  to->unsynced_from = from->unsynced_from;
  to->unsynced_to = from->unsynced_to;
  memcpy(to->wear, from->wear, from->shape.sector_count * sizeof *to->wear);
  to->operations = from->operations;
  to->cut_at = from->cut_at;
  to->program_cut = from->program_cut;
  to->erase_cut = from->erase_cut;
  to->dead = from->dead;
  to->violation = from->violation;
  memcpy(to->bad, from->bad, sizeof to->bad);
  to->bad_count = from->bad_count;
}

static void power_up_unit(flash_fake_t *flash, uint32_t unit) {
  uint32_t units = flash->shape.erase_size / flash->shape.prog_size;
  uint8_t state = flash->units[unit] & (uint8_t)~UNIT_UNREADABLE;
  if (state == UNIT_ERASED) {
    flash->units[unit] = UNIT_ERASED_OLD;
  } else if (state == UNIT_TORN && flash->shape.unstable) {
    roll_unit(flash, unit);
  } else if (state == UNIT_HALF_ERASED && unit % units == 0 && flash->shape.unstable) {
    flash_fake_cut_t kind = (flash_fake_cut_t)(CUT_ERASE_OLD + prng_below(&flash->prng, 4));
    roll_sector(flash, unit / units, kind);
  }
}

void flash_fake_power_up(flash_fake_t *flash) {
  uint32_t units = flash->shape.erase_size / flash->shape.prog_size;
  forget_unsynced(flash);
  for (uint32_t i = 0; i < flash->shape.sector_count; i++) {
    if ((flash->marks[i] & (MARK_FRESH | MARK_TORN | MARK_HALF)) == 0) {
      continue;
    }
    for (uint32_t u = 0; u < units; u++) {
      power_up_unit(flash, i * units + u);
    }
    flash->marks[i] &= (uint8_t)~MARK_FRESH;
    touch(flash, i * flash->shape.erase_size, 0);
  }
  flash->dead = false;
  flash->operations = 0;
  flash->cut_at = 0;
}

void flash_fake_cut_at(flash_fake_t *flash, uint64_t n, flash_fake_cut_t program_cut,
                       flash_fake_cut_t erase_cut) {
  flash->cut_at = flash->operations + n;
  flash->program_cut = program_cut;
  flash->erase_cut = erase_cut;
}

bool flash_fake_rot(flash_fake_t *flash, uint32_t offset, bool unreadable) {
  uint32_t unit = offset / flash->shape.prog_size;
  if (flash->units[unit] != UNIT_PROGRAMMED) {
    return false;
  }
  if (unreadable) {
    flash->units[unit] |= UNIT_UNREADABLE;
  } else {
    flash->bytes[offset] ^= (uint8_t)(1u << prng_below(&flash->prng, 8));
  }
  touch(flash, offset, unreadable ? MARK_UNREADABLE : 0);
  return true;
}

void flash_fake_bad(flash_fake_t *flash, uint32_t offset, uint32_t length, bool read, bool write) {
  if (flash->bad_count < FLASH_FAKE_BAD_RANGES) {
    flash->bad[flash->bad_count].offset = offset;
    flash->bad[flash->bad_count].length = length;
    flash->bad[flash->bad_count].read = read;
    flash->bad[flash->bad_count].write = write;
    flash->bad_count++;
  }
}
