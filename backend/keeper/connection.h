#pragma once

#include <array>
#include <string>

#include <tl/expected.hpp>

namespace farcell {

enum class Channel
{
    Shell,
    Control,
    Stdin,
    Iopub
};
inline constexpr std::array allChannels = {Channel::Control, Channel::Shell, Channel::Stdin,
                                           Channel::Iopub};
[[nodiscard]] std::string_view channelName(Channel channel);

// How a kernel is reached: the content of its connection file.
struct Connection
{
    std::string transport; // ipc or tcp
    std::string ip;        // for ipc: what the socket files' names begin with
    int shellPort = 1;
    int controlPort = 2;
    int stdinPort = 3;
    int iopubPort = 4;
    int heartbeatPort = 5;
    std::string key;

    // Socket files in `directory`; a private directory elsewhere if its path is too long for a
    // unix socket (`ownDirectory` then names it, to be removed at the end).
    static tl::expected<Connection, std::string> overIpc(const std::string &directory,
                                                         std::string &ownDirectory);
    // Five ports of loopback that are free now.
    static tl::expected<Connection, std::string> overTcp();

    [[nodiscard]] std::string endpoint(Channel channel) const;
    [[nodiscard]] std::string toJson(const std::string &kernelName,
                                     const std::string &sessionName) const;
    // Socket files a former kernel left.
    void removeSocketFiles() const;
};

} // namespace farcell
