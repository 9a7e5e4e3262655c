// The tables of classes that a test declares.
#pragma once

#include "sluice/cpp/plugin.hpp"

template <class Class>
const sluice_backend_api& backend_table_of() {
    static constexpr auto kPaths = sluice::BackendPaths<Class>::list();
    static constexpr sluice::PluginTables kTables = sluice::tables_of<Class>(kPaths.data(), kPaths.size());
    return kTables.backend;
}

template <class Class>
const sluice_middleware_api& middleware_table_of() {
    static constexpr sluice_middleware_api kTable = sluice::middleware_table<Class>();
    return kTable;
}
