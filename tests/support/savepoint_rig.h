/* Savepoints on a test bench: what `vnotch savepoint` does, over fake flashes and the rig's plan.
 */
#ifndef SAVEPOINT_RIG_H
#define SAVEPOINT_RIG_H

#include "engine_rig.h"

enum { SAVEPOINT_RIG_MAX = 1 << 20 };

typedef struct savepoint {
  size_t length;
  uint8_t bytes[SAVEPOINT_RIG_MAX];
} savepoint_t;

/* The savepoint of the state in the flash of this rig, which has not been started; its plan is
 * used. Frees the rig. */
vn_err_t savepoint_export(rig_t *rig, savepoint_t *out);

/* What the engine of a rig that runs would write now. */
vn_err_t savepoint_of(rig_t *rig, savepoint_t *out);

/* Makes a state in the empty flash of this rig, which has not been started. The rig is freed, what
 * the engine says of its recovery stays. */
vn_err_t savepoint_import(rig_t *rig, const savepoint_t *from, bool accept,
                          vn_recovery_t *recovery);

/* Writes the CRC of a savepoint that was changed on purpose. */
void savepoint_seal(savepoint_t *savepoint);

#endif
