/* sluice.host.metrics/1: counters, gauges and histograms in the host's Prometheus page. */
#ifndef SLUICE_EXT_METRICS_H
#define SLUICE_EXT_METRICS_H

#include "sluice/host.h"

SLUICE_EXTERN_C_BEGIN

#define SLUICE_HOST_METRICS_ID "sluice.host.metrics/1"

typedef struct sluice_metric sluice_metric; /* owned by the host, alive as long as the instance */

typedef struct sluice_label {
    sluice_str name;
    sluice_str value;
} sluice_label;

/*
 * The name is completed to `sluice_<plugin>_<name>` and the label `instance` is added. Asking twice for the same name
 * and labels gives the same metric. NULL if the name or a label does not fit Prometheus' rules
 * ([a-z_][a-z0-9_]*) or the instance has reached its limit of 1,000 series. Fetch metrics in create() and keep them.
 */
typedef struct sluice_host_metrics {
    uint32_t struct_size;
    uint32_t flags;
    /* [any-thread] */
    sluice_metric* (*counter)(const sluice_host* host, sluice_str name, sluice_str help, const sluice_label* labels,
                              size_t label_count)SLUICE_NOEXCEPT;
    /* [any-thread] */
    sluice_metric* (*gauge)(const sluice_host* host, sluice_str name, sluice_str help, const sluice_label* labels,
                            size_t label_count)SLUICE_NOEXCEPT;
    /* `bounds` are the upper bounds of the buckets, ascending. [any-thread] */
    sluice_metric* (*histogram)(const sluice_host* host, sluice_str name, sluice_str help, const sluice_label* labels,
                                size_t label_count, const double* bounds, size_t bound_count)SLUICE_NOEXCEPT;
    /* Adds to a counter (never a negative value) or a gauge. A NULL metric is ignored. [any-thread] */
    void (*add)(sluice_metric* metric, double value) SLUICE_NOEXCEPT;
    /* Sets a gauge, or observes a value in a histogram. A NULL metric is ignored. [any-thread] */
    void (*set)(sluice_metric* metric, double value) SLUICE_NOEXCEPT;
} sluice_host_metrics;

SLUICE_EXTERN_C_END
#endif
