/* What writing and reading of savepoints share. */
#ifndef VN_ENGINE_SAVEPOINT_PRIV_H
#define VN_ENGINE_SAVEPOINT_PRIV_H

#include "engine_journal_priv.h"
#include "engine_slot_priv.h"
#include "vn/savepoint.h"

/* Keys of the map, all there, in this order. */
typedef enum vn__savepoint_key {
  VN__SAVEPOINT_VERSION,
  VN__SAVEPOINT_DEVICE,
  VN__SAVEPOINT_BOOT,
  VN__SAVEPOINT_SEQ,
  VN__SAVEPOINT_STATE_VERSION,
  VN__SAVEPOINT_CONFIGURATION,
  VN__SAVEPOINT_AT,
  VN__SAVEPOINT_CLEAN,
  VN__SAVEPOINT_SPECIFICATION,
  VN__SAVEPOINT_GLOBAL,
  VN__SAVEPOINT_SERIES,
  VN__SAVEPOINT_OUTBOX,
  VN__SAVEPOINT_JOURNAL,
  VN__SAVEPOINT_CRC,
  VN__SAVEPOINT_KEYS
} vn__savepoint_key_t;

/* Of a series. */
typedef enum vn__savepoint_series_key {
  VN__SAVEPOINT_NAME,
  VN__SAVEPOINT_LAST_ARRIVAL,
  VN__SAVEPOINT_FLAGS,
  VN__SAVEPOINT_ACCOUNTING,
  VN__SAVEPOINT_PARTS,
  VN__SAVEPOINT_SERIES_KEYS
} vn__savepoint_series_key_t;

#define VN__SAVEPOINT_PART_ITEMS 4u   /* kind, name, specification, bytes */
#define VN__SAVEPOINT_OUTPUT_ITEMS 2u /* index, record */

#endif
