/* What the files of alerts share. */
#ifndef VN_ALERT_PRIV_H
#define VN_ALERT_PRIV_H

#include "vn/alert.h"

/* The level that a value is at by its limits: 0 none, 1 for conditions without levels. Remembers
 * which levels hold, and on which side the limit was passed. */
uint8_t vn__alert_level(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                        const vn_alert_value_t *value);

/* The limits of ABOVE, BELOW, OUTSIDE and RATE. */
vn_alert_limits_t vn__alert_limits(const vn_alert_rule_t *rule);

/* Behind the evaluation of a value: which of the next ones will change nothing. */
void vn__alert_find_rest(const vn_alert_rule_t *rule, vn_alert_state_t *state, int32_t value);

#endif
