#include "tests/support/fastkernel/fastkernel.h"

#include "core/jupyter/jsonscan.h"
#include "core/jupyter/messages.h"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace farcell::test {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr auto stdinDelay = 500ms;

std::atomic<bool> wasInterrupted = false; // set by the handler of SIGINT

void bindSocket(zmq::socket_t &socket, const json &connection, const char *port)
{
    constexpr int lingerMs = 1000;
    socket.set(zmq::sockopt::linger, lingerMs);
    socket.set(zmq::sockopt::sndhwm, 0);
    socket.set(zmq::sockopt::rcvhwm, 0);
    const auto transport = connection.at("transport").get<std::string>();
    socket.bind(transport + "://" + connection.at("ip").get<std::string>() +
                (transport == "ipc" ? "-" : ":") + std::to_string(connection.at(port).get<int>()));
}

// 'size' bytes that begin with a number and end with a new line.
std::string numberedLine(unsigned long number, std::size_t size)
{
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%010lu ", number);
    std::string line = digits.data();
    line.resize(size > line.size() + 1 ? size - 1 : line.size(), 'x');
    return line + "\\n";
}

} // namespace

FastKernel::FastKernel(const json &connection, bool isStdinLate)
    : m_connection(connection)
    , m_stdinAt(std::chrono::steady_clock::now() + (isStdinLate ? stdinDelay : 0ms))
    , m_shell(m_context, zmq::socket_type::router)
    , m_control(m_context, zmq::socket_type::router)
    , m_stdin(m_context, zmq::socket_type::router)
    , m_iopub(m_context, zmq::socket_type::pub)
    , m_heartbeat(m_context, zmq::socket_type::rep)
    , m_signer(connection.at("key").get<std::string>())
    , m_session(wire::newUuid())
{
    bindSocket(m_shell, connection, "shell_port");
    bindSocket(m_control, connection, "control_port");
    bindSocket(m_iopub, connection, "iopub_port");
    bindSocket(m_heartbeat, connection, "hb_port");
    struct sigaction action = {};
    action.sa_handler = [](int) { wasInterrupted = true; };
    sigaction(SIGINT, &action, nullptr);
    bindStdin();
}

void FastKernel::bindStdin()
{
    if (m_stdinAt && std::chrono::steady_clock::now() >= *m_stdinAt) {
        bindSocket(m_stdin, m_connection, "stdin_port");
        m_stdinAt.reset();
    }
}

void FastKernel::run()
{
    publish("status", "{}", R"({"execution_state":"starting"})");
    while (!m_isOver) {
        std::vector<zmq::pollitem_t> items = {{m_control.handle(), 0, ZMQ_POLLIN, 0},
                                              {m_shell.handle(), 0, ZMQ_POLLIN, 0},
                                              {m_heartbeat.handle(), 0, ZMQ_POLLIN, 0}};
        try {
            zmq::poll(items, m_stdinAt ? 10ms : -1ms);
        } catch (const zmq::error_t &) {
            continue; // SIGINT
        }
        bindStdin();
        Request request;
        if (receive(m_control, request)) {
            serve(m_control, request);
        } else if (receive(m_shell, request)) {
            serve(m_shell, request);
        }
        zmq::message_t beat;
        if (m_heartbeat.recv(beat, zmq::recv_flags::dontwait)) {
            m_heartbeat.send(beat, zmq::send_flags::none);
        }
    }
}

bool FastKernel::receive(zmq::socket_t &socket, Request &request)
{
    std::vector<std::string> frames;
    zmq::message_t message;
    do {
        if (!socket.recv(message, zmq::recv_flags::dontwait)) {
            return false;
        }
        frames.push_back(message.to_string());
    } while (message.more());
    std::size_t at = 0;
    while (at < frames.size() && frames[at] != wire::zmqDelimiter) {
        request.identities.push_back(frames[at++]);
    }
    if (frames.size() < at + 6) {
        return false;
    }
    const std::array<std::string_view, 4> parts = {frames[at + 2], frames[at + 3], frames[at + 4],
                                                   frames[at + 5]};
    if (!m_signer.verify(frames[at + 1], parts)) {
        return false;
    }
    request.header = frames[at + 2];
    request.type = wire::jsonString(request.header, "msg_type").value_or("");
    request.content = json::parse(frames[at + 5], nullptr, false);
    return request.content.is_object();
}

void FastKernel::serve(zmq::socket_t &socket, const Request &request)
{
    publish("status", request.header, R"({"execution_state":"busy"})");
    if (request.type == "kernel_info_request") {
        reply(socket, request,
              R"({"status":"ok","protocol_version":"5.3","implementation":"fastkernel",)"
              R"("implementation_version":"1","language_info":{"name":"fast","version":"1",)"
              R"("mimetype":"text/plain","file_extension":".txt"},"banner":"","help_links":[]})");
    } else if (request.type == "execute_request") {
        execute(socket, request);
    } else if (request.type == "shutdown_request") {
        const json content = {{"status", "ok"},
                              {"restart", request.content.value("restart", false)}};
        reply(socket, request, content.dump());
        publish("shutdown_reply", request.header, content.dump());
        m_isOver = true;
    } else if (request.type == "comm_info_request") {
        reply(socket, request, R"({"status":"ok","comms":{}})");
    } else if (request.type == "interrupt_request") {
        wasInterrupted = true;
        reply(socket, request, R"({"status":"ok"})");
    }
    publish("status", request.header, R"({"execution_state":"idle"})");
}

void FastKernel::execute(zmq::socket_t &socket, const Request &request)
{
    const std::string code = request.content.value("code", "");
    const std::size_t space = code.find(' ');
    const std::string command = code.substr(0, space);
    const std::string argument = space == std::string::npos ? "" : code.substr(space + 1);
    wasInterrupted = false;
    if (!request.content.value("silent", false)) {
        ++m_executionCount;
        publish("execute_input", request.header,
                json{{"code", code}, {"execution_count", m_executionCount}}.dump());
    }
    const Outcome outcome = perform(request, command, argument);
    if (outcome == Outcome::Ok) {
        reply(socket, request,
              json{{"status", "ok"},
                   {"execution_count", m_executionCount},
                   {"user_expressions", json::object()},
                   {"payload", json::array()}}
                  .dump());
        return;
    }
    json error = {{"ename", outcome == Outcome::Interrupted ? "Interrupt" : "Error"},
                  {"evalue", argument},
                  {"traceback", json::array({"fast traceback"})}};
    publish("error", request.header, error.dump());
    error["status"] = "error";
    error["execution_count"] = m_executionCount;
    reply(socket, request, error.dump());
}

FastKernel::Outcome FastKernel::perform(const Request &request, const std::string &command,
                                        const std::string &argument)
{
    if (command == "burst" || command == "display") {
        burst(request, command == "burst" ? "stream" : "display_data", argument);
    } else if (command == "buffer") {
        publish("display_data", request.header,
                R"({"data":{"application/octet-stream":""},"metadata":{},"transient":{}})",
                std::string(std::strtoul(argument.c_str(), nullptr, 10), 'b'));
    } else if (command == "echo") {
        publish("stream", request.header,
                json{{"name", "stdout"}, {"text", argument + "\n"}}.dump());
    } else if (command == "sleep") {
        return sleepFor(std::strtod(argument.c_str(), nullptr));
    } else if (command == "input") {
        return ask(request, argument);
    } else if (command == "die") {
        std::fprintf(stderr, "fastkernel was told to die\n");
        const int number = std::atoi(argument.c_str());
        std::signal(number, SIG_DFL); // a sanitizer would catch it
        raise(number);
    } else if (command == "exit") {
        _exit(std::atoi(argument.c_str()));
    } else if (command == "forge") {
        forge(request);
    } else if (command == "error") {
        return Outcome::Failed;
    } else {
        publish("execute_result", request.header,
                json{{"execution_count", m_executionCount},
                     {"data", {{"text/plain", request.content.value("code", "")}}},
                     {"metadata", json::object()}}
                    .dump());
    }
    return Outcome::Ok;
}

void FastKernel::burst(const Request &request, const std::string &type, const std::string &argument)
{
    unsigned long count = 0;
    std::size_t size = 0;
    std::istringstream(argument) >> count >> size;
    const bool isStream = type == "stream";
    for (unsigned long i = 0; i < count; ++i) {
        const std::string line = numberedLine(i, size);
        publish(type, request.header,
                isStream
                    ? R"({"name":"stdout","text":")" + line + "\"}"
                    : R"({"data":{"text/plain":")" + line + R"("},"metadata":{},"transient":{}})");
    }
}

void FastKernel::forge(const Request &request)
{
    const std::string content = R"({"name":"stdout","text":"forged\n"})";
    const std::string header = nextHeader("stream");
    const std::array<std::string_view, 4> parts = {header, request.header, "{}", content};
    const std::string right = m_signer.sign(parts);
    const auto sendSigned = [&](const std::string &signature, std::string_view text) {
        const std::array<std::string_view, 7> frames = {
            "stream", wire::zmqDelimiter, signature, header, request.header, "{}", text};
        for (std::size_t i = 0; i < frames.size(); ++i) {
            m_iopub.send(zmq::buffer(frames.at(i)),
                         i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
        }
    };
    sendSigned(std::string(64, '0'), content);
    sendSigned(right, R"({"name":"stdout","text":"other\n"})");
    sendSigned({}, content);
    sendSigned(right, content);
    sendSigned(right, content);
    publish("stream", request.header, R"({"name":"stdout","text":"after\n"})");
}

FastKernel::Outcome FastKernel::sleepFor(double seconds)
{
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < end && !m_isOver) {
        if (wasInterrupted) {
            return Outcome::Interrupted;
        }
        std::vector<zmq::pollitem_t> items = {{m_control.handle(), 0, ZMQ_POLLIN, 0}};
        try {
            zmq::poll(items, std::chrono::milliseconds(5));
        } catch (const zmq::error_t &) {
            continue;
        }
        Request request;
        if (receive(m_control, request)) {
            serve(m_control, request);
        }
    }
    return Outcome::Ok;
}

FastKernel::Outcome FastKernel::ask(const Request &request, const std::string &prompt)
{
    send(m_stdin, request.identities, "input_request", request.header,
         json{{"prompt", prompt}, {"password", false}}.dump());
    Request answer;
    while (!receive(m_stdin, answer)) {
        if (sleepFor(0.005) == Outcome::Interrupted) {
            return Outcome::Interrupted;
        }
    }
    publish("stream", request.header,
            json{{"name", "stdout"}, {"text", answer.content.value("value", "") + "\n"}}.dump());
    return Outcome::Ok;
}

void FastKernel::reply(zmq::socket_t &socket, const Request &request, std::string_view content)
{
    const std::string type = request.type.substr(0, request.type.rfind('_')) + "_reply";
    send(socket, request.identities, type, request.header, content);
}

void FastKernel::publish(std::string_view type, std::string_view parent, std::string_view content,
                         std::string_view buffer)
{
    send(m_iopub, {std::string(type)}, type, parent, content, buffer);
}

std::string FastKernel::nextHeader(std::string_view type)
{
    std::string header;
    header.reserve(256);
    header.append(R"({"msg_id":")").append(m_session).append("_");
    header.append(std::to_string(++m_count)).append(R"(","session":")").append(m_session);
    header.append(R"(","username":"fast","date":"2026-01-02T03:04:05.000006Z","msg_type":")");
    header.append(type).append(R"(","version":"5.3"})");
    return header;
}

void FastKernel::send(zmq::socket_t &socket, const std::vector<std::string> &identities,
                      std::string_view type, std::string_view parent, std::string_view content,
                      std::string_view buffer)
{
    const std::string header = nextHeader(type);
    const std::array<std::string_view, 4> parts = {header, parent, "{}", content};
    const std::string signature = m_signer.sign(parts);
    for (const std::string &identity : identities) {
        socket.send(zmq::buffer(identity), zmq::send_flags::sndmore);
    }
    socket.send(zmq::buffer(wire::zmqDelimiter), zmq::send_flags::sndmore);
    socket.send(zmq::buffer(signature), zmq::send_flags::sndmore);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool isLast = i + 1 == parts.size() && buffer.empty();
        socket.send(zmq::buffer(parts.at(i)),
                    isLast ? zmq::send_flags::none : zmq::send_flags::sndmore);
    }
    if (!buffer.empty()) {
        socket.send(zmq::buffer(buffer), zmq::send_flags::none);
    }
}

} // namespace farcell::test

int main(int argc, char **argv)
{
    const bool isStdinLate = argc == 3 && std::string_view(argv[2]) == "late-stdin";
    if (argc != 2 && !isStdinLate) {
        std::fprintf(stderr, "usage: fastkernel CONNECTION_FILE [late-stdin]\n");
        return 2;
    }
    std::ifstream file(argv[1]);
    const nlohmann::json connection = nlohmann::json::parse(file, nullptr, false);
    if (!connection.is_object()) {
        std::fprintf(stderr, "fastkernel: no connection file\n");
        return 1;
    }
    farcell::test::FastKernel(connection, isStdinLate).run();
    return 0;
}
