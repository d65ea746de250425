/* Results as messages tell them, read back for merging. */
#ifndef VN_COARSE_PRIV_H
#define VN_COARSE_PRIV_H

#include "summary_read_priv.h"
#include "vn/coarse.h"

/*
 * The content of a result of one of the pipeline's tumbling windows: also the sum and the squares
 * that a mean and a variance leave no doubt about. Its members go with vn__coarse_read_sample.
 * False: it holds what no such result can hold.
 */
bool vn__coarse_read(const vn__summary_record_t *record, const vn_summary_pipeline_t *pipeline,
                     vn_coarse_t *out);

/* The members of the record in the order of their drawing; capacity is that of its window. */
bool vn__coarse_read_sample(const vn__summary_record_t *record, const vn_coarse_sample_t *sample,
                            uint64_t seed, vn_coarse_t *out);

#endif
