#include "backend/keeper/connection.h"

#include "core/jupyter/messages.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace farcell {

namespace {

constexpr std::string_view socketPrefix = "/k";
constexpr std::size_t longestPath = sizeof(sockaddr_un::sun_path) - 1;

} // namespace

std::string_view channelName(Channel channel)
{
    switch (channel) {
    case Channel::Shell:
        return "shell";
    case Channel::Control:
        return "control";
    case Channel::Stdin:
        return "stdin";
    case Channel::Iopub:
        return "iopub";
    }
    return {};
}

tl::expected<Connection, std::string> Connection::overIpc(const std::string &directory,
                                                          std::string &ownDirectory)
{
    Connection connection;
    connection.transport = "ipc";
    connection.key = wire::newConnectionKey();
    std::string place = directory;
    if (place.size() + socketPrefix.size() + 2 > longestPath) {
        const char *runtime = std::getenv("XDG_RUNTIME_DIR");
        place = std::string(runtime != nullptr && *runtime == '/' ? runtime : "/tmp");
        if (place.size() > longestPath / 2) {
            place = "/tmp";
        }
        place += "/farcell-XXXXXX";
        if (mkdtemp(place.data()) == nullptr) {
            return tl::unexpected("cannot make " + place + ": " + std::strerror(errno));
        }
        ownDirectory = place;
    }
    connection.ip = place.append(socketPrefix);
    return connection;
}

tl::expected<Connection, std::string> Connection::overTcp()
{
    Connection connection;
    connection.transport = "tcp";
    connection.ip = "127.0.0.1";
    connection.key = wire::newConnectionKey();
    std::array<int, 5> sockets{-1, -1, -1, -1, -1};
    std::array<int, 5> ports{};
    bool isBound = true;
    // All are open at once, so that no port comes twice.
    for (std::size_t i = 0; i < ports.size(); ++i) {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        sockets.at(i) = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        isBound = isBound && sockets.at(i) >= 0 && bind(sockets.at(i), generic, size) == 0 &&
                  getsockname(sockets.at(i), generic, &size) == 0;
        ports.at(i) = ntohs(address.sin_port);
    }
    const int problem = errno;
    for (const int socket : sockets) {
        if (socket >= 0) {
            close(socket);
        }
    }
    if (!isBound) {
        return tl::unexpected(std::string("no free port: ") + std::strerror(problem));
    }
    connection.shellPort = ports[0];
    connection.controlPort = ports[1];
    connection.stdinPort = ports[2];
    connection.iopubPort = ports[3];
    connection.heartbeatPort = ports[4];
    return connection;
}

std::string Connection::endpoint(Channel channel) const
{
    int port = 0;
    switch (channel) {
    case Channel::Shell:
        port = shellPort;
        break;
    case Channel::Control:
        port = controlPort;
        break;
    case Channel::Stdin:
        port = stdinPort;
        break;
    case Channel::Iopub:
        port = iopubPort;
        break;
    }
    return transport + "://" + ip + (transport == "ipc" ? '-' : ':') + std::to_string(port);
}

std::string Connection::toJson(const std::string &kernelName, const std::string &sessionName) const
{
    nlohmann::json json = {
        {"transport", transport},    {"ip", ip},
        {"shell_port", shellPort},   {"control_port", controlPort},
        {"stdin_port", stdinPort},   {"iopub_port", iopubPort},
        {"hb_port", heartbeatPort},  {"key", key},
        {"kernel_name", kernelName}, {"signature_scheme", "hmac-sha256"},
    };
    if (!sessionName.empty()) {
        json["jupyter_session"] = sessionName;
    }
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Connection::removeSocketFiles() const
{
    if (transport != "ipc") {
        return;
    }
    for (const int port : {shellPort, controlPort, stdinPort, iopubPort, heartbeatPort}) {
        unlink((ip + '-' + std::to_string(port)).c_str());
    }
}

} // namespace farcell
