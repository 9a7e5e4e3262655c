//! sluice/ext/metrics.h
use super::{sluice_host, sluice_str};

pub const SLUICE_HOST_METRICS_ID: &str = "sluice.host.metrics/1";

#[repr(C)]
pub struct sluice_metric {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sluice_label {
    pub name: sluice_str,
    pub value: sluice_str,
}

/// The type of `counter` and `gauge`.
pub type sluice_metric_fn = unsafe extern "C" fn(
    host: *const sluice_host,
    name: sluice_str,
    help: sluice_str,
    labels: *const sluice_label,
    label_count: usize,
) -> *mut sluice_metric;

#[repr(C)]
pub struct sluice_host_metrics {
    pub struct_size: u32,
    pub flags: u32,
    pub counter: sluice_metric_fn,
    pub gauge: sluice_metric_fn,
    pub histogram: unsafe extern "C" fn(
        host: *const sluice_host,
        name: sluice_str,
        help: sluice_str,
        labels: *const sluice_label,
        label_count: usize,
        bounds: *const f64,
        bound_count: usize,
    ) -> *mut sluice_metric,
    pub add: unsafe extern "C" fn(metric: *mut sluice_metric, value: f64),
    pub set: unsafe extern "C" fn(metric: *mut sluice_metric, value: f64),
}
