#include "app/trial_order.hpp"

#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <sstream>

namespace sluice::app {

std::string trial_order_json(const TrialOrder& order) {
    Poco::JSON::Object object;
    object.set("parent", order.parent);
    object.set("timeout_ms", static_cast<Poco::Int64>(order.limits.timeout.count()));
    object.set("max_file_bytes", static_cast<Poco::UInt64>(order.limits.max_file_bytes));
    object.set("max_descriptors", static_cast<Poco::UInt64>(order.limits.max_descriptors));
    object.set("folder", order.folder.string());
    object.set("file", order.trial.file.string());
    object.set("settings", order.trial.settings);
    object.set("first_check", static_cast<Poco::UInt64>(order.trial.first_check));
    object.set("check_seconds", static_cast<Poco::Int64>(order.trial.check_timeout.count()));
    std::ostringstream json;
    object.stringify(json);
    return json.str();
}

Result<TrialOrder> read_trial_order(const std::string& json) {
    try {
        Poco::JSON::Parser parser;
        const auto object = parser.parse(json).extract<Poco::JSON::Object::Ptr>();
        TrialOrder order;
        order.parent = object->getValue<int>("parent");
        order.limits.timeout = std::chrono::milliseconds(object->getValue<Poco::Int64>("timeout_ms"));
        order.limits.max_file_bytes = object->getValue<Poco::UInt64>("max_file_bytes");
        order.limits.max_descriptors = object->getValue<Poco::UInt64>("max_descriptors");
        order.folder = object->getValue<std::string>("folder");
        order.trial.file = object->getValue<std::string>("file");
        order.trial.settings = object->getValue<std::string>("settings");
        order.trial.first_check = object->getValue<Poco::UInt64>("first_check");
        order.trial.check_timeout = std::chrono::seconds(object->getValue<Poco::Int64>("check_seconds"));
        return order;
    } catch (const Poco::Exception& error) {
        return Unexpected("the order lacks something: " + error.displayText());
    }
}

}  // namespace sluice::app
