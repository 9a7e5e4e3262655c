#include "store/redis_scripts.hpp"

#include <array>

namespace sluice::store::redis_scripts {

// A quota is one sorted set: a member "<amount>:<expiry>" for each part, scored by its expiry in microseconds of the
// server's clock, and a member "total:<sum>" scored infinite. One key, so that a cluster has it in one place.
// Numbers are doubles here: exact up to 2^53, which microseconds since 1970 reach in the year 2255.
namespace {

constexpr std::string_view kQuotaFunctions = R"(
local most = 9007199254740992
local function text(number) return string.format('%.0f', number) end
local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local function amount_of(member) return tonumber(string.match(member, '^(-?%d+):')) end
local function total_of(key)
  local member = redis.call('ZRANGEBYSCORE', key, '+inf', '+inf')[1]
  return member and tonumber(string.sub(member, 7)) or 0
end
local function set_total(key, before, after)
  if before == after then return end
  redis.call('ZREM', key, 'total:' .. text(before))
  if after > 0 then redis.call('ZADD', key, '+inf', 'total:' .. text(after)) end
end
local function expire(key, now)
  local gone = redis.call('ZRANGEBYSCORE', key, '-inf', text(now))
  local total = total_of(key)
  if #gone == 0 then return total end
  local left = total
  for _, member in ipairs(gone) do left = left - amount_of(member) end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now))
  set_total(key, total, left)
  return left
end
local function part_at(key, expiry)
  return redis.call('ZRANGEBYSCORE', key, text(expiry), text(expiry))[1]
end
local function change_part(key, expiry, change, total)
  local member = part_at(key, expiry)
  local before = member and amount_of(member) or 0
  local after = math.min(most, math.max(0, before + change))
  if member then redis.call('ZREM', key, member) end
  if after > 0 then redis.call('ZADD', key, text(expiry), text(after) .. ':' .. text(expiry)) end
  set_total(key, total, total + after - before)
  return total + after - before
end
local function rounded(expiry, ttl)
  local step = math.max(1, math.floor(ttl / 16384))
  return math.min(most, math.ceil(expiry / step) * step)
end
local function first_expiry(key)
  return tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2])
end
local function last_expiry(key)
  return tonumber(redis.call('ZREVRANGEBYSCORE', key, '(+inf', '-inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]) or 0
end
local function keep(key, now)
  redis.call('PEXPIRE', key, text(math.ceil((last_expiry(key) - now) / 1000) + 1000))
end
)";

}  // namespace

const RedisScript kGet{"get", {}, "return {redis.call('GET', KEYS[1]), 1}"};

const RedisScript kPut{"put", {}, R"(
if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1]) else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return {1})"};

const RedisScript kRemove{"remove", {}, R"(
redis.call('DEL', KEYS[1])
return {1})"};

// The sum is read back as text: a number of 64 bits would lose digits on its way through a double.
const RedisScript kAdd{"add", {}, R"(
local is_new = redis.call('EXISTS', KEYS[1]) == 0
local outcome = redis.pcall('INCRBY', KEYS[1], ARGV[1])
if type(outcome) == 'table' and outcome.err then return outcome end
if is_new and ARGV[2] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {redis.call('GET', KEYS[1]), 1})"};

const RedisScript kCompareAndSet{"compare_and_set", {}, R"(
local present = redis.call('GET', KEYS[1])
local is_expected = false
if ARGV[1] == '1' then is_expected = present == ARGV[2] else is_expected = not present end
if not is_expected then return {0, present, 1} end
if ARGV[4] == '0' then redis.call('SET', KEYS[1], ARGV[3]) else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
return {1, false, 1})"};

// SCAN gives about as many as it is asked for: those beyond go back into the cursor, as do those that would make the
// answer too long for its time. What has expired by now is left out.
const RedisScript kScan{"scan", {}, R"(
local next, found, most = ARGV[1], {}, tonumber(ARGV[3])
if #ARGV > 4 then
  for at = 5, #ARGV do found[at - 4] = ARGV[at] end
else
  local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', most)
  next = page[1]
  for at, key in ipairs(page[2]) do found[at] = string.sub(key, tonumber(ARGV[4]) + 1) end
end
local keys, values, left, bytes = {}, {}, {}, 0
for _, key in ipairs(found) do
  if #keys >= most or bytes >= 4194304 then
    left[#left + 1] = key
  else
    local value = redis.call('GET', KEYS[1] .. key)
    if value then
      keys[#keys + 1] = key
      values[#values + 1] = value
      bytes = bytes + #value
    end
  end
end
return {next, keys, values, left, 1})"};

const RedisScript kTake{"take", kQuotaFunctions, R"(
local key, amount, limit, ttl = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = clock()
local total = expire(key, now)
if total + amount > limit then
  local left, wait, at = total, 0, 0
  repeat
    local page = redis.call('ZRANGEBYSCORE', key, '-inf', '(+inf', 'LIMIT', at, 32)
    for _, member in ipairs(page) do
      left = left - amount_of(member)
      wait = tonumber(string.match(member, ':(%d+)$')) - now
      if left + amount <= limit then return {0, math.min(most, total), 0, wait, 1} end
    end
    at = at + #page
  until #page < 32
  return {0, math.min(most, total), 0, wait, 1}
end
local ticket
if ARGV[4] == '1' then
  ticket = rounded(math.max(now, last_expiry(key)) + ttl * amount, ttl)
else
  ticket = rounded(now + ttl, ttl)
end
total = change_part(key, ticket, amount, total)
keep(key, now)
return {1, math.min(most, total), ticket, first_expiry(key) - now, 1})"};

const RedisScript kGiveBack{"give_back", kQuotaFunctions, R"(
local key, amount, ticket = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local now = clock()
local total = expire(key, now)
if part_at(key, ticket) then change_part(key, ticket, -amount, total) end
return {1})"};

const RedisScript kRenew{"renew", kQuotaFunctions, R"(
local key, amount, ticket, ttl = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = clock()
local total = expire(key, now)
if part_at(key, ticket) then total = change_part(key, ticket, -amount, total) end
local renewed = rounded(now + ttl, ttl)
total = change_part(key, renewed, amount, total)
keep(key, now)
return {1, math.min(most, total), renewed, first_expiry(key) - now, 1})"};

std::span<const RedisScript* const> all() noexcept {
    static constexpr std::array<const RedisScript*, 9> kAll{&kGet,  &kPut,  &kRemove,   &kAdd,  &kCompareAndSet,
                                                            &kScan, &kTake, &kGiveBack, &kRenew};
    return kAll;
}

}  // namespace sluice::store::redis_scripts
