#include "backend/keeper/protocol.h"

#include <array>
#include <cstring>

namespace farcell::keeperprotocol {

namespace {

constexpr std::size_t progressBytes = 4 * sizeof(std::uint64_t) + 1;

template <typename T>
void appendRaw(std::string &out, T value)
{
    std::array<char, sizeof value> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    out.append(bytes.data(), bytes.size());
}

template <typename T>
T readRaw(std::string_view bytes, std::size_t at)
{
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

} // namespace

std::string_view stateName(KernelState state)
{
    switch (state) {
    case KernelState::Starting:
        return "starting";
    case KernelState::Idle:
        return "idle";
    case KernelState::Busy:
        return "busy";
    case KernelState::Restarting:
        return "restarting";
    case KernelState::Dead:
        return "dead";
    }
    return "unknown";
}

std::string encodeProgress(const Progress &progress)
{
    std::string out;
    out.reserve(progressBytes);
    appendRaw(out, progress.position.segment);
    appendRaw(out, progress.position.offset);
    appendRaw(out, progress.position.nextSequence);
    appendRaw(out, progress.pendingInput);
    appendRaw(out, static_cast<std::uint8_t>(progress.state));
    return out;
}

std::optional<Progress> decodeProgress(std::string_view payload)
{
    if (payload.size() != progressBytes) {
        return std::nullopt;
    }
    Progress progress;
    progress.position.segment = readRaw<std::uint64_t>(payload, 0);
    progress.position.offset = readRaw<std::uint64_t>(payload, 8);
    progress.position.nextSequence = readRaw<std::uint64_t>(payload, 16);
    progress.pendingInput = readRaw<std::uint64_t>(payload, 24);
    const auto state = readRaw<std::uint8_t>(payload, 32);
    if (state > static_cast<std::uint8_t>(KernelState::Dead)) {
        return std::nullopt;
    }
    progress.state = static_cast<KernelState>(state);
    return progress;
}

std::string encodeNamed(std::string_view name)
{
    name = name.substr(0, 0xffff);
    std::string out;
    out.reserve(sizeof(std::uint16_t) + name.size());
    appendRaw(out, static_cast<std::uint16_t>(name.size()));
    out.append(name);
    return out;
}

std::optional<Named> decodeNamed(std::string_view payload)
{
    if (payload.size() < sizeof(std::uint16_t)) {
        return std::nullopt;
    }
    const std::size_t length = readRaw<std::uint16_t>(payload, 0);
    payload.remove_prefix(sizeof(std::uint16_t));
    if (payload.size() < length) {
        return std::nullopt;
    }
    return Named{payload.substr(0, length), payload.substr(length)};
}

void appendFrame(std::string &out, FrameType type, std::span<const std::string_view> parts)
{
    std::size_t length = 1;
    for (const std::string_view part : parts) {
        length += part.size();
    }
    out.reserve(out.size() + sizeof(std::uint32_t) + length);
    appendRaw(out, static_cast<std::uint32_t>(length));
    out.push_back(static_cast<char>(type));
    for (const std::string_view part : parts) {
        out.append(part);
    }
}

void appendFrame(std::string &out, FrameType type, std::string_view payload)
{
    appendFrame(out, type, std::span(&payload, 1));
}

void FrameReader::feed(std::string_view bytes)
{
    m_bytes.erase(0, m_done);
    m_done = 0;
    if (m_bytes.empty() && m_bytes.capacity() > 1024UL * 1024) {
        m_bytes.shrink_to_fit();
    }
    m_bytes.append(bytes);
}

std::optional<FrameReader::Frame> FrameReader::next()
{
    constexpr std::size_t headBytes = sizeof(std::uint32_t) + 1;
    const std::string_view rest = std::string_view(m_bytes).substr(m_done);
    if (m_isBroken || rest.size() < headBytes) {
        return std::nullopt;
    }
    const std::size_t length = readRaw<std::uint32_t>(rest, 0);
    const auto type = readRaw<std::uint8_t>(rest, sizeof(std::uint32_t));
    if (length < 1 || length > maxFrameBytes || type < 1 ||
        type > static_cast<std::uint8_t>(FrameType::Queue)) {
        m_isBroken = true;
        return std::nullopt;
    }
    if (rest.size() < sizeof(std::uint32_t) + length) {
        return std::nullopt;
    }
    m_done += sizeof(std::uint32_t) + length;
    return Frame{static_cast<FrameType>(type), rest.substr(headBytes, length - 1)};
}

} // namespace farcell::keeperprotocol
