// farcell-askpass: ssh runs it when it has a question (SSH_ASKPASS). It passes the question to the
// app over the app's private socket and prints the answer. No Qt: ssh waits for it.
//
// Wire: "SECRET\nHINT\nLENGTH\nQUESTION" goes out; "+ANSWER" or "-" comes back, then the end.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

std::string variable(const char *name)
{
    const char *value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): one thread
    return value != nullptr ? value : "";
}

bool writeAll(int socket, const std::string &text)
{
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t n = ::send(socket, text.data() + done, text.size() - done, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        done += static_cast<std::size_t>(n);
    }
    return true;
}

int complain(const char *what)
{
    std::fprintf(stderr, "farcell-askpass: %s\n", what);
    return 1;
}

} // namespace

int main(int argc, char **argv)
{
    const std::string path = variable("FARCELL_ASKPASS_SOCKET");
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return complain("this is for ssh to run, when Farcell started it");
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0 ||
        ::connect(socket, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        return complain("Farcell does not answer");
    const std::string question = argc > 1 ? argv[1] : "";
    if (!writeAll(socket, variable("FARCELL_ASKPASS_SECRET") + '\n' +
                              variable("SSH_ASKPASS_PROMPT") + '\n' +
                              std::to_string(question.size()) + '\n' + question))
        return complain("Farcell does not listen");
    std::string answer;
    std::array<char, 1024> buffer{};
    for (ssize_t n = 0; (n = ::read(socket, buffer.data(), buffer.size())) > 0;)
        answer.append(buffer.data(), static_cast<std::size_t>(n));
    explicit_bzero(buffer.data(), buffer.size());
    if (answer.empty() || answer.front() != '+')
        return 1;
    std::printf("%s\n", answer.c_str() + 1);
    explicit_bzero(answer.data(), answer.size());
    return 0;
}
