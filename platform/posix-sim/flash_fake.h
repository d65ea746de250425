/* A flash in RAM that keeps the rules of real ones, counts, and loses power where it is told to. */
#ifndef FLASH_FAKE_H
#define FLASH_FAKE_H

#include "prng.h"
#include "vn/port.h"

#define FLASH_FAKE_NOISE (-1) /* erased units read as something else each time */

typedef struct flash_fake_shape {
  uint32_t erase_size, prog_size, sector_count;
  int erased_value; /* 0..255, or FLASH_FAKE_NOISE */
  bool unstable;    /* what a cut has touched reads differently from power-up to power-up */
  bool ecc;         /* a torn unit may be unreadable */
  bool cached;      /* what was not synced may be lost in any part, as in a page cache */
} flash_fake_shape_t;

/* How an operation ends that the cut hits. Programming uses the first four, erasing all others. */
typedef enum flash_fake_cut {
  CUT_PROG_NOTHING, /* before it began */
  CUT_PROG_SOME,    /* some units done, in any order, one torn */
  CUT_PROG_ALMOST,  /* all done but the last bits of the last unit */
  CUT_PROG_TORN,    /* every unit torn */
  CUT_ERASE_OLD,    /* reads like before */
  CUT_ERASE_ZEROS,  /* programmed to zero from one end */
  CUT_ERASE_MIX,
  CUT_ERASE_BLANK, /* looks erased */
  CUT_KINDS
} flash_fake_cut_t;

enum { FLASH_FAKE_BAD_RANGES = 8, FLASH_FAKE_CUTS_PER_OPERATION = 4 };

typedef struct flash_fake_operation {
  bool erase;
  uint32_t offset, length;
  const uint8_t *from;
} flash_fake_operation_t;

typedef struct flash_fake flash_fake_t;
struct flash_fake {
  vn_flash_t port;
  flash_fake_shape_t shape;
  uint8_t *bytes, *intended, *units; /* content, what torn units may turn into, unit states */
  uint64_t *versions;                /* per sector: changes with its content */
  uint8_t *marks;                    /* per sector: what kinds of units it has */
  uint32_t *wear;
  uint8_t *unsynced;                   /* per unit: programmed or erased since the last sync */
  uint32_t unsynced_from, unsynced_to; /* all such units are in these sectors, from <= x < to */
  prng_t prng;
  uint64_t reads, programs, erases, syncs, bytes_read, bytes_programmed;
  uint64_t operations; /* programs + erases since the last power-up */
  uint64_t cut_at;     /* the operation of this power-up that is cut, from 1; 0 = none */
  flash_fake_cut_t program_cut, erase_cut;
  bool dead;             /* the power is off: everything fails */
  const char *violation; /* the first rule that was broken; NULL = none */
  struct {
    uint32_t offset, length;
    bool read, write;
  } bad[FLASH_FAKE_BAD_RANGES];
  uint32_t bad_count;
  /* Called before each program and erase operation, if set. */
  void (*before)(void *context, const flash_fake_operation_t *operation);
  void *before_context;
};

flash_fake_t *flash_fake_new(const flash_fake_shape_t *shape, uint64_t seed);
void flash_fake_free(flash_fake_t *flash);

/* Makes `to` (of the same shape) equal to `from`, hook and generator apart. Only the sectors that
 * one of the two has changed since they were equal are copied, so that a snapshot costs what was
 * written, not the size of the region. */
void flash_fake_copy(flash_fake_t *to, const flash_fake_t *from);

/* The operation ends as `cut` says and the power is off. `cut` must suit the operation. */
void flash_fake_tear(flash_fake_t *flash, const flash_fake_operation_t *operation,
                     flash_fake_cut_t cut);

/* Power off and on: torn units take a new value, nothing counts as erased in this power-up. */
void flash_fake_power_up(flash_fake_t *flash);

/* The cut of this power-up: at its n-th operation from now (from 1). */
void flash_fake_cut_at(flash_fake_t *flash, uint64_t n, flash_fake_cut_t program_cut,
                       flash_fake_cut_t erase_cut);

/* A programmed unit loses a bit at this place, or can't be read any more; false: nothing is
 * programmed there. */
bool flash_fake_rot(flash_fake_t *flash, uint32_t offset, bool unreadable);

/* Reads or programs in this range fail from now on; erases, when it covers the whole sector. */
void flash_fake_bad(flash_fake_t *flash, uint32_t offset, uint32_t length, bool read, bool write);

#endif
