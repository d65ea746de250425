/* What the session files share. */
#ifndef VN_SESSION_PRIV_H
#define VN_SESSION_PRIV_H

#include "reservoir_priv.h"
#include "vn/session.h"

static inline vn_time_ms_t vn__session_start(const vn_session_t *session) {
  return session->aggregate.first_ms;
}

static inline vn_time_ms_t vn__session_end(const vn_session_set_t *set,
                                           const vn_session_t *session) {
  return session->aggregate.last_ms + set->gap_ms;
}

static inline vn__sample_t vn__session_sample(const vn_session_set_t *set,
                                              const vn_session_memory_t *memory,
                                              const vn_session_t *session) {
  vn_member_t *members =
      set->sample > 0 ? memory->members + (size_t)session->block * set->sample : NULL;
  return (vn__sample_t){&session->aggregate, members, set->sample, set->draw};
}

#endif
