#pragma once

#include "core/jupyter/zmqframes.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <zmq.hpp>

namespace farcell::test {

// A Jupyter kernel that does almost nothing, fast: for tests that need a kernel to do odd things
// on request and for benches in which Python would hide what is measured. Code is one command:
//
//   burst N SIZE    N stdout messages of SIZE bytes, numbered from 0
//   display N SIZE  the same as display_data
//   buffer SIZE     a display_data with one binary buffer
//   echo TEXT       stdout          sleep SECONDS     can be interrupted
//   input PROMPT    input_request   die NUMBER        signal to itself
//   exit CODE       ends at once    error TEXT        fails
//   forge           a message with a wrong signature, then one twice, then "after"
//
// Anything else is answered with itself as execute_result. One thread, one loop.
class FastKernel
{
public:
    // A late stdin socket is there only half a second after the others.
    FastKernel(const nlohmann::json &connection, bool isStdinLate);
    void run(); // until shutdown_request

private:
    struct Request
    {
        std::vector<std::string> identities;
        std::string header;
        nlohmann::json content;
        std::string type;
    };
    enum class Outcome
    {
        Ok,
        Interrupted,
        Failed
    };

    void bindStdin();
    bool receive(zmq::socket_t &socket, Request &request);
    void serve(zmq::socket_t &socket, const Request &request);
    void execute(zmq::socket_t &socket, const Request &request);
    Outcome perform(const Request &request, const std::string &command,
                    const std::string &argument);
    void burst(const Request &request, const std::string &type, const std::string &argument);
    void forge(const Request &request);
    Outcome ask(const Request &request, const std::string &prompt);
    Outcome sleepFor(double seconds);

    void reply(zmq::socket_t &socket, const Request &request, std::string_view content);
    void publish(std::string_view type, std::string_view parent, std::string_view content,
                 std::string_view buffer = {});
    void send(zmq::socket_t &socket, const std::vector<std::string> &identities,
              std::string_view type, std::string_view parent, std::string_view content,
              std::string_view buffer = {});
    std::string nextHeader(std::string_view type);

    nlohmann::json m_connection;
    std::optional<std::chrono::steady_clock::time_point> m_stdinAt; // it is not bound yet
    zmq::context_t m_context;
    zmq::socket_t m_shell, m_control, m_stdin, m_iopub, m_heartbeat;
    wire::MessageSigner m_signer;
    std::string m_session;
    unsigned long long m_count = 0;
    int m_executionCount = 0;
    bool m_isOver = false;
};

} // namespace farcell::test
