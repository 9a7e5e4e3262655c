//! Counters, gauges and histograms in the host's Prometheus page.
use crate::ffi::{sluice_host_metrics, sluice_label, sluice_metric, sluice_str, SLUICE_HOST_METRICS_ID};
use crate::host::Host;

/// Makes metrics; fetch them while the instance is made, and keep them in it. The host completes a name to
/// `sluice_<plugin>_<name>`, adds the label `instance` and gives the same metric for the same name and labels.
#[derive(Clone, Copy)]
pub struct Metrics {
    host: Host,
    table: Option<&'static sluice_host_metrics>,
}

/// One metric. An empty one (a name that was refused, a host without metrics) ignores what it is given. Every thread may
/// use it.
#[derive(Clone, Copy)]
struct Metric {
    table: Option<&'static sluice_host_metrics>,
    raw: *mut sluice_metric,
}

unsafe impl Send for Metric {}
unsafe impl Sync for Metric {}

#[derive(Clone, Copy)]
pub struct Counter(Metric);
#[derive(Clone, Copy)]
pub struct Gauge(Metric);
#[derive(Clone, Copy)]
pub struct Histogram(Metric);

/// Name and value.
pub type Label<'a> = (&'a str, &'a str);

impl Metrics {
    pub(crate) fn of(host: Host) -> Metrics {
        Metrics { host, table: unsafe { host.find(SLUICE_HOST_METRICS_ID) } }
    }

    pub fn counter(&self, name: &str, help: &str, labels: &[Label<'_>]) -> Counter {
        let labels = to_abi(labels);
        Counter(self.made(|table| unsafe {
            (table.counter)(
                self.host.raw(),
                sluice_str::new(name),
                sluice_str::new(help),
                labels.as_ptr(),
                labels.len(),
            )
        }))
    }
    pub fn gauge(&self, name: &str, help: &str, labels: &[Label<'_>]) -> Gauge {
        let labels = to_abi(labels);
        Gauge(self.made(|table| unsafe {
            (table.gauge)(self.host.raw(), sluice_str::new(name), sluice_str::new(help), labels.as_ptr(), labels.len())
        }))
    }
    /// `bounds` are the upper bounds of the buckets, ascending.
    pub fn histogram(&self, name: &str, help: &str, bounds: &[f64], labels: &[Label<'_>]) -> Histogram {
        let labels = to_abi(labels);
        Histogram(self.made(|table| unsafe {
            (table.histogram)(
                self.host.raw(),
                sluice_str::new(name),
                sluice_str::new(help),
                labels.as_ptr(),
                labels.len(),
                bounds.as_ptr(),
                bounds.len(),
            )
        }))
    }

    fn made(&self, make: impl FnOnce(&sluice_host_metrics) -> *mut sluice_metric) -> Metric {
        Metric { table: self.table, raw: self.table.map_or(std::ptr::null_mut(), make) }
    }
}

impl Metric {
    fn add(&self, value: f64) {
        if let (Some(table), false) = (self.table, self.raw.is_null()) {
            unsafe { (table.add)(self.raw, value) };
        }
    }
    fn set(&self, value: f64) {
        if let (Some(table), false) = (self.table, self.raw.is_null()) {
            unsafe { (table.set)(self.raw, value) };
        }
    }
}

impl Counter {
    /// `value` is not negative.
    pub fn add(&self, value: f64) {
        self.0.add(value);
    }
    pub fn increment(&self) {
        self.0.add(1.0);
    }
}

impl Gauge {
    pub fn add(&self, value: f64) {
        self.0.add(value);
    }
    pub fn set(&self, value: f64) {
        self.0.set(value);
    }
}

impl Histogram {
    pub fn observe(&self, value: f64) {
        self.0.set(value);
    }
}

fn to_abi(labels: &[Label<'_>]) -> Vec<sluice_label> {
    labels
        .iter()
        .map(|(name, value)| sluice_label { name: sluice_str::new(name), value: sluice_str::new(value) })
        .collect()
}
