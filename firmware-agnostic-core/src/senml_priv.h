/*
 * SenML (RFC 8428): what its JSON and its CBOR form share. A front end reads fields in whatever
 * order they come and tells them one by one; at the end of a record it is resolved and delivered.
 */
#ifndef VN_SENML_PRIV_H
#define VN_SENML_PRIV_H

#include "payload_priv.h"

/* The labels, in the order of their CBOR integers: integer + 6. */
typedef enum vn__senml_label {
  VN__SENML_BS,
  VN__SENML_BV,
  VN__SENML_BU,
  VN__SENML_BT,
  VN__SENML_BN,
  VN__SENML_BVER,
  VN__SENML_N,
  VN__SENML_U,
  VN__SENML_V,
  VN__SENML_VS,
  VN__SENML_VB,
  VN__SENML_S,
  VN__SENML_T,
  VN__SENML_UT,
  VN__SENML_VD,
  VN__SENML_UNKNOWN
} vn__senml_label_t;

/* A base number in force; with a problem, every record that it would go into is refused for it. */
typedef struct vn__senml_base {
  vn_number_t number;
  uint8_t problem; /* vn_reason_t */
  bool in_force;
} vn__senml_base_t;

typedef struct vn__senml {
  const vn__decode_t *decode;
  vn_number_t value; /* of the record, as are `time` and `name` */
  vn_number_t time;
  vn_text_t name;
  vn__senml_base_t base_value;
  vn__senml_base_t base_time;
  size_t base_length; /* of the base name, which stands at the start of `names` */
  uint32_t seen;      /* bit per label of the record */
  uint8_t problem;    /* of the record: the first vn_reason_t */
  uint8_t base_name_problem;
  uint8_t pack_problem; /* VERSION: the whole pack is refused */
  bool base_sum_in_force;
  bool name_escaped;
  bool only_check; /* nothing is delivered: the pass looks for what refuses the pack */
  char names[VN_SENML_NAME_MAX];
} vn__senml_t;

void vn__senml_init(vn__senml_t *senml, const vn__decode_t *decode, bool only_check);

/* A field of the record: a number that was read, or the reason why it is none that can be used. */
void vn__senml_number(vn__senml_t *senml, vn__senml_label_t label, vn_reason_t reason,
                      const vn_number_t *number);

/* Text must stay where it is until the end of the record; `escaped`: JSON escapes are in it. */
void vn__senml_text(vn__senml_t *senml, vn__senml_label_t label, vn_text_t text, bool escaped);

/* A field whose value is neither number nor text. */
void vn__senml_other(vn__senml_t *senml, vn__senml_label_t label);

/* Resolves and delivers the record. */
void vn__senml_end_record(vn__senml_t *senml);

/* Delivers a refusal in place of a record that isn't even a map. */
void vn__senml_refuse_record(vn__senml_t *senml, vn_reason_t reason);

#endif
