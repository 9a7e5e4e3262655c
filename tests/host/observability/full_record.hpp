#pragma once

#include "observability/request_record.hpp"

#include <vector>

/// A request about which everything is known, with the lists it refers to.
struct FullRecord {
    FullRecord() {
        using namespace std::chrono_literals;
        record.time = std::chrono::system_clock::time_point(std::chrono::milliseconds(1767225599123));
        record.request_id = "req-1";
        record.generation = 3;
        record.backend_mode = "claude-code";
        record.route = "claude";
        record.method = "POST";
        record.path = "/v1/chat/completions?key=secret";
        record.model = "opus";
        record.status = 200;
        record.duration = 1234567us;
        record.first_byte = 89'012us;
        record.masked_key = "sk-a…z9";
        record.session_id = "0b5f";
        record.attempt_count = 2;
        record.bytes_in = 512;
        record.bytes_out = 4096;
        record.prompt_tokens = 11;
        record.completion_tokens = 22;
        record.is_usage_estimated = true;
        record.error_code = "stream_error";
        record.ended_by = "client";
        record.phase = "streaming";
        attempts = {{"openai", "", "upstream_error", 502, 1ms, 2ms, {}, false, ""},
                    {"azure", "gpt-x", "stream_error", 200, 3ms, 4500us, 1500us, true, "fallback"}};
        using sluice::observability::HookVerdict;
        verdicts = {{"auth", HookVerdict::kContinue, HookVerdict::kNone, HookVerdict::kNone, 0ns},
                    {"limit", HookVerdict::kNone, HookVerdict::kContinue, HookVerdict::kFail, 12ms}};
        record.attempts = attempts;
        record.verdicts = verdicts;
    }
    FullRecord(const FullRecord&) = delete;
    FullRecord& operator=(const FullRecord&) = delete;

    sluice::observability::RequestRecord record;
    std::vector<sluice::observability::AttemptRecord> attempts;
    std::vector<sluice::observability::VerdictRecord> verdicts;
};
