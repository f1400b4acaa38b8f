#pragma once

#include "core/journal/journalwriter.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// What farcelld and a keeper say to each other over the keeper's unix socket. Frames of
// {uint32 length, uint8 type, payload}, little-endian; length counts type and payload.
//
// Messages of the kernel do not travel here: the keeper writes them to the journal and tells how
// far it got (Appended); farcelld reads the journal itself. So a slow reader costs the keeper
// nothing, and one that comes back starts wherever it wants.
namespace farcell::keeperprotocol {

// Only changes that both sides can do without are made: each says in its Hello what it can
// ("features"), and the other sends nothing that is not named there. So a keeper that outlives an
// upgrade of farcelld goes on being served. The version is that of the frames below.
inline constexpr int version = 1;
inline constexpr std::string_view queueFeature = "queue"; // Queue frames and the commands about it
inline constexpr std::string_view ladderFeature = "interrupt_ladder";
inline constexpr std::string_view processFeature = "process";
inline constexpr std::string_view deathFeature = "death";
inline constexpr std::string_view usageFeature = "usage"; // also takes samples of the GPUs
inline constexpr std::size_t maxFrameBytes = 513UL * 1024 * 1024;

// Types of journal records. A message: uint16 length of the addressee, addressee (a client's
// session id, empty for everyone), a v1 WebSocket frame.
inline constexpr std::uint32_t messageRecord = 1;
// Addressee of what only clients that asked for `since` or `events` get, all of them: Jupyter's
// own take a message type they do not know for a fault.
inline constexpr std::string_view farcellClients = "\001farcell";

enum class FrameType : std::uint8_t
{
    Hello = 1,    // both ways, first: JSON {protocol, features, ...}
    Send = 2,     // to the keeper: uint16 length of session, session, v1 frame
    Command = 3,  // to the keeper: JSON {id, command, ...}
    Appended = 4, // from the keeper: Progress
    State = 5,    // from the keeper: JSON, see Keeper::stateJson
    Result = 6,   // from the keeper: JSON {id, ok, message, data}
    Queue = 7,    // from the keeper, to who can queueFeature: JSON, see ExecutionQueue::toJson
};

enum class KernelState : std::uint8_t
{
    Starting,
    Idle,
    Busy,
    Restarting,
    Dead
};
[[nodiscard]] std::string_view stateName(KernelState state);

// How far the journal is, and the two states that change as often as it does.
struct Progress
{
    JournalPosition position;
    std::uint64_t pendingInput = 0; // number of the input_request that waits; 0: none
    KernelState state = KernelState::Starting;
};
[[nodiscard]] std::string encodeProgress(const Progress &progress);
[[nodiscard]] std::optional<Progress> decodeProgress(std::string_view payload);

// A name of up to 65,535 bytes and what follows it: the layout of Send and of message records.
[[nodiscard]] std::string encodeNamed(std::string_view name);
struct Named
{
    std::string_view name, rest;
};
[[nodiscard]] std::optional<Named> decodeNamed(std::string_view payload);

void appendFrame(std::string &out, FrameType type, std::span<const std::string_view> parts);
void appendFrame(std::string &out, FrameType type, std::string_view payload);

// Takes frames out of a stream of bytes.
class FrameReader
{
public:
    struct Frame
    {
        FrameType type = FrameType::Hello;
        std::string_view payload; // valid until feed() or next()
    };
    void feed(std::string_view bytes);
    [[nodiscard]] std::optional<Frame> next();
    [[nodiscard]] bool isBroken() const { return m_isBroken; }

private:
    std::string m_bytes;
    std::size_t m_done = 0;
    bool m_isBroken = false;
};

} // namespace farcell::keeperprotocol
