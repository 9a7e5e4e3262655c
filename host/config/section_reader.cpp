#include "config/section_reader.hpp"

#include <limits>

namespace sluice::config {

SectionReader::SectionReader(const JsonValue& value) : object_(as_object(value)) {
    if (object_.isNull()) object_ = make_object();
}

bool SectionReader::has(const std::string& key) const { return object_->has(key); }

std::vector<std::string> SectionReader::keys() const { return object_->getNames(); }

JsonValue SectionReader::value(const std::string& key) const { return object_->get(key); }

SectionReader SectionReader::section(const std::string& key) const { return SectionReader(value(key)); }

std::vector<JsonValue> SectionReader::items(const std::string& key) const {
    const JsonArray array = as_array(value(key));
    return array.isNull() ? std::vector<JsonValue>() : std::vector<JsonValue>(array->begin(), array->end());
}

void SectionReader::read(const std::string& key, std::string& target) const {
    if (const JsonValue found = value(key); found.isString()) target = as_string(found);
}

void SectionReader::read(const std::string& key, std::optional<std::string>& target) const {
    if (const JsonValue found = value(key); found.isString()) target = as_string(found);
}

void SectionReader::read(const std::string& key, bool& target) const {
    if (const JsonValue found = value(key); found.isBoolean()) target = found.extract<bool>();
}

void SectionReader::read(const std::string& key, std::size_t& target) const {
    if (const auto found = number(key, std::numeric_limits<Poco::Int64>::max()))
        target = static_cast<std::size_t>(*found);
}

void SectionReader::read(const std::string& key, std::uint16_t& target) const {
    if (const auto found = number(key, std::numeric_limits<std::uint16_t>::max())) {
        target = static_cast<std::uint16_t>(*found);
    }
}

void SectionReader::read(const std::string& key, std::chrono::milliseconds& target) const {
    if (const auto found = number(key, std::numeric_limits<Poco::Int64>::max()))
        target = std::chrono::milliseconds(*found);
}

void SectionReader::read(const std::string& key, std::optional<std::chrono::milliseconds>& target) const {
    std::chrono::milliseconds found{-1};
    read(key, found);
    if (found.count() >= 0) target = found;
}

void SectionReader::read(const std::string& key, std::vector<std::string>& target) const {
    if (as_array(value(key)).isNull()) return;
    target.clear();
    for (const JsonValue& item : items(key)) target.push_back(as_string(item));
}

std::optional<Poco::Int64> SectionReader::number(const std::string& key, Poco::Int64 highest) const {
    const JsonValue found = value(key);
    if (found.type() != typeid(Poco::Int64)) return std::nullopt;
    const auto number = found.extract<Poco::Int64>();
    return number >= 0 && number <= highest ? std::optional(number) : std::nullopt;
}

}  // namespace sluice::config
