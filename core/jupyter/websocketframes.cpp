#include "core/jupyter/websocketframes.h"

#include "core/jupyter/jsonscan.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include <nlohmann/json.hpp>

namespace farcell::wire {

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr std::size_t fixedParts = 5; // channel, header, parent header, metadata, content
constexpr std::array<std::string_view, 4> channels = {"shell", "control", "stdin", "iopub"};

std::uint64_t readLittle64(std::string_view bytes, std::size_t index)
{
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
    return value;
}

void appendLittle64(std::string &out, std::uint64_t value)
{
    std::array<char, sizeof value> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    out.append(bytes.data(), bytes.size());
}

std::uint32_t readBig32(std::string_view bytes, std::size_t index)
{
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
    return __builtin_bswap32(value);
}

void appendBig32(std::string &out, std::size_t value)
{
    const std::uint32_t swapped = __builtin_bswap32(static_cast<std::uint32_t>(value));
    std::array<char, sizeof swapped> bytes{};
    std::memcpy(bytes.data(), &swapped, sizeof swapped);
    out.append(bytes.data(), bytes.size());
}

bool isChannel(std::string_view name)
{
    return std::find(channels.begin(), channels.end(), name) != channels.end();
}

std::array<std::string_view, fixedParts> fixedPartsOf(const MessageView &message)
{
    return {message.channel, message.header, message.parentHeader, message.metadata,
            message.content};
}

// A member that must be an object; absent and null count as empty.
std::optional<std::string_view> objectMember(std::string_view json, std::string_view key)
{
    const std::optional<std::string_view> raw = jsonValue(json, key);
    if (!raw || *raw == "null") {
        return "{}";
    }
    return raw->front() == '{' ? raw : std::nullopt;
}

tl::expected<LegacyMessage, FrameError> fromJson(std::string_view json,
                                                 std::vector<std::string_view> buffers)
{
    if (!nlohmann::json::accept(json) || !looksLikeObject(json)) {
        return tl::unexpected(FrameError::BadJson);
    }
    LegacyMessage result;
    std::string channel = "shell";
    if (const auto raw = jsonValue(json, "channel"); raw && *raw != "null") {
        channel = jsonString(json, "channel").value_or(std::string());
    } else {
        result.channelWasMissing = true;
    }
    if (!isChannel(channel)) {
        return tl::unexpected(FrameError::BadChannel);
    }
    const auto header = objectMember(json, "header");
    const auto parent = objectMember(json, "parent_header");
    const auto metadata = objectMember(json, "metadata");
    const auto content = objectMember(json, "content");
    if (!header || !parent || !metadata || !content) {
        return tl::unexpected(FrameError::BadJson);
    }
    result.v1 = encodeV1({channel, *header, *parent, *metadata, *content, std::move(buffers)});
    return result;
}

void appendMember(std::string &json, std::string_view key, std::string_view value)
{
    json.append(json.size() == 1 ? "\"" : ", \"").append(key).append("\": ").append(value);
}

std::string legacyJson(const MessageView &message)
{
    std::string json;
    json.reserve(message.header.size() + message.parentHeader.size() + message.metadata.size() +
                 message.content.size() + 256);
    json.push_back('{');
    appendMember(json, "header", message.header);
    appendMember(json, "msg_id", jsonValue(message.header, "msg_id").value_or("null"));
    appendMember(json, "msg_type", jsonValue(message.header, "msg_type").value_or("null"));
    appendMember(json, "parent_header", message.parentHeader);
    appendMember(json, "metadata", message.metadata);
    appendMember(json, "content", message.content);
    appendMember(json, "buffers", "[]");
    json.append(R"(, "channel": ")").append(message.channel).append(R"("})");
    return json;
}

} // namespace

std::string_view frameErrorText(FrameError error)
{
    switch (error) {
    case FrameError::TooShort:
        return "frame is too short";
    case FrameError::BadCount:
        return "frame has an impossible number of parts";
    case FrameError::BadOffset:
        return "frame has an offset that is not rising or lies outside";
    case FrameError::BadJson:
        return "frame is not a JSON message";
    case FrameError::BadChannel:
        return "frame is for an unknown channel";
    }
    return "frame is broken";
}

tl::expected<MessageView, FrameError> decodeV1(std::string_view frame)
{
    if (frame.size() < sizeof(std::uint64_t) || frame.size() > maxFrameBytes) {
        return tl::unexpected(FrameError::TooShort);
    }
    const std::uint64_t count = readLittle64(frame, 0);
    if (count < fixedParts + 1 || count > fixedParts + 1 + maxBuffers) {
        return tl::unexpected(FrameError::BadCount);
    }
    const std::size_t tableBytes = (count + 1) * sizeof(std::uint64_t);
    if (frame.size() < tableBytes) {
        return tl::unexpected(FrameError::TooShort);
    }
    if (readLittle64(frame, 1) != tableBytes || readLittle64(frame, count) != frame.size()) {
        return tl::unexpected(FrameError::BadOffset);
    }
    std::array<std::string_view, fixedParts> parts;
    MessageView message;
    message.buffers.reserve(count - fixedParts - 1);
    for (std::size_t i = 0; i + 1 < count; ++i) {
        const std::uint64_t begin = readLittle64(frame, i + 1);
        const std::uint64_t end = readLittle64(frame, i + 2);
        if (begin > end || end > frame.size()) {
            return tl::unexpected(FrameError::BadOffset);
        }
        const std::string_view part = frame.substr(begin, end - begin);
        if (i < fixedParts) {
            parts.at(i) = part;
        } else {
            message.buffers.push_back(part);
        }
    }
    if (!isChannel(parts[0])) {
        return tl::unexpected(FrameError::BadChannel);
    }
    message.channel = parts[0];
    message.header = parts[1];
    message.parentHeader = parts[2];
    message.metadata = parts[3];
    message.content = parts[4];
    return message;
}

std::string encodeV1Table(const MessageView &message)
{
    const std::size_t count = fixedParts + 1 + message.buffers.size();
    std::size_t offset = (count + 1) * sizeof(std::uint64_t);
    std::string out;
    out.reserve(offset);
    appendLittle64(out, count);
    appendLittle64(out, offset);
    for (const std::string_view part : fixedPartsOf(message)) {
        appendLittle64(out, offset += part.size());
    }
    for (const std::string_view buffer : message.buffers) {
        appendLittle64(out, offset += buffer.size());
    }
    return out;
}

std::string encodeV1(const MessageView &message)
{
    const std::string table = encodeV1Table(message);
    const std::size_t last = table.size() / sizeof(std::uint64_t) - 1;
    std::string out;
    out.reserve(readLittle64(table, last));
    out.append(table);
    for (const std::string_view part : fixedPartsOf(message)) {
        out.append(part);
    }
    for (const std::string_view buffer : message.buffers) {
        out.append(buffer);
    }
    return out;
}

tl::expected<LegacyMessage, FrameError> decodeLegacyText(std::string_view json)
{
    if (json.size() > maxFrameBytes) {
        return tl::unexpected(FrameError::BadCount);
    }
    return fromJson(json, {});
}

tl::expected<LegacyMessage, FrameError> decodeLegacyBinary(std::string_view frame)
{
    if (frame.size() < 2 * sizeof(std::uint32_t) || frame.size() > maxFrameBytes) {
        return tl::unexpected(FrameError::TooShort);
    }
    const std::size_t count = readBig32(frame, 0);
    if (count < 1 || count > maxBuffers + 1) {
        return tl::unexpected(FrameError::BadCount);
    }
    const std::size_t tableBytes = (count + 1) * sizeof(std::uint32_t);
    if (frame.size() < tableBytes) {
        return tl::unexpected(FrameError::TooShort);
    }
    if (readBig32(frame, 1) != tableBytes) {
        return tl::unexpected(FrameError::BadOffset);
    }
    std::vector<std::string_view> parts;
    parts.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t begin = readBig32(frame, i + 1);
        const std::size_t end = i + 1 < count ? readBig32(frame, i + 2) : frame.size();
        if (begin > end || end > frame.size()) {
            return tl::unexpected(FrameError::BadOffset);
        }
        parts.push_back(frame.substr(begin, end - begin));
    }
    const std::string_view json = parts.front();
    parts.erase(parts.begin());
    return fromJson(json, std::move(parts));
}

LegacyFrame encodeLegacy(const MessageView &message)
{
    std::string json = legacyJson(message);
    if (message.buffers.empty()) {
        return {std::move(json), false};
    }
    const std::size_t count = message.buffers.size() + 1;
    std::size_t offset = (count + 1) * sizeof(std::uint32_t);
    std::string out;
    appendBig32(out, count);
    appendBig32(out, offset);
    offset += json.size();
    for (const std::string_view buffer : message.buffers) {
        appendBig32(out, offset);
        offset += buffer.size();
    }
    out.reserve(offset);
    out.append(json);
    for (const std::string_view buffer : message.buffers) {
        out.append(buffer);
    }
    return {std::move(out), true};
}

} // namespace farcell::wire
