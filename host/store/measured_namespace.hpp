#pragma once

#include <memory>
#include <string>

#include "observability/metric_set.hpp"
#include "store/namespace.hpp"

namespace sluice::store {

/// A namespace that counts how its operations end and how long answers take: sluice_store_operations_total by
/// namespace and outcome, sluice_store_answer_seconds by namespace. For stores that are asked over a thread; a
/// namespace in memory is faster than its counting would be. What nobody wants an answer to is not counted.
/// [any-thread]
class MeasuredNamespace final : public Namespace {
public:
    /// The series are those of `metrics`, which outlives the namespace.
    MeasuredNamespace(std::unique_ptr<Namespace> measured, const std::string& name, observability::MetricSet& metrics);
    ~MeasuredNamespace() override;

    // Namespace
    void get(std::string_view key, const Asker& asker) override;
    void put(std::string_view key, std::string_view value, Ttl ttl, const Asker& asker) override;
    void remove(std::string_view key, const Asker& asker) override;
    void add(std::string_view key, std::int64_t delta, Ttl ttl, const Asker& asker) override;
    void compare_and_set(std::string_view key, std::optional<std::string_view> expected, std::string_view value,
                         Ttl ttl, const Asker& asker) override;
    void scan(std::string_view prefix, std::string_view cursor, std::size_t max_items, const Asker& asker) override;
    void take(std::string_view key, const Quota& quota, const Asker& asker) override;
    void give_back(std::string_view key, std::int64_t amount, std::uint64_t ticket, const Asker& asker) override;
    void renew(std::string_view key, std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us,
               const Asker& asker) override;

private:
    struct Series;
    struct Measurement;
    template <class Ask>
    void measure(const Asker& asker, Ask ask);

    const std::unique_ptr<Series> series_;
    const std::unique_ptr<Namespace> measured_;
};

}  // namespace sluice::store
