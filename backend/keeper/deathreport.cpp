#include "backend/keeper/deathreport.h"

#include "backend/keeper/kernelrunnerparts.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <vector>

#include <nlohmann/json.hpp>

namespace farcell {

using nlohmann::json;

namespace {

constexpr double curveSeconds = 60;
constexpr std::size_t mostLines = 50;

std::vector<std::string> lastLines(const std::string &text)
{
    std::vector<std::string> lines;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::string line = text.substr(begin, end - begin);
        if (line.ends_with('\r')) {
            line.pop_back();
        }
        lines.push_back(std::move(line));
        begin = end + 1;
    }
    if (lines.size() > mostLines) {
        lines.erase(lines.begin(), lines.end() - mostLines);
    }
    return lines;
}

// Python's faulthandler begins with "Fatal Python error: " and goes on until the end: a list of
// threads and their calls.
json faultHandlerText(const std::string &output)
{
    const std::size_t at = output.rfind("Fatal Python error:");
    if (at == std::string::npos) {
        return {};
    }
    std::string text = output.substr(at);
    text.erase(text.find_last_not_of(" \r\n") + 1);
    return text;
}

// The innermost call of the thread that crashed, told as: File "x.py", line 3 in f. For a person:
// f (x.py, line 3).
std::string faultingCall(const std::string &text)
{
    const std::size_t thread = text.find("Current thread");
    const std::size_t at = text.find("File \"", thread == std::string::npos ? 0 : thread);
    if (at == std::string::npos) {
        return {};
    }
    std::string call = text.substr(at, text.find('\n', at) - at);
    const std::size_t begin = call.find('"') + 1;
    const std::size_t end = call.rfind("\", line ");
    const std::size_t name = call.rfind(" in ");
    if (end == std::string::npos || name == std::string::npos || name < end || end < begin) {
        return call; // of another form than is known
    }
    return call.substr(name + 4) + " (" + call.substr(begin, end - begin) +
           call.substr(end + 1, name - end - 1) + ')';
}

std::string lastWords(const std::vector<std::string> &lines)
{
    const auto found = std::find_if(lines.rbegin(), lines.rend(), [](const std::string &line) {
        return line.find_first_not_of(" \t") != std::string::npos;
    });
    return found == lines.rend() ? std::string() : *found;
}

std::string signalName(int number)
{
    const char *name = sigabbrev_np(number);
    return name == nullptr ? "signal " + std::to_string(number) : std::string("SIG") + name;
}

struct Verdict
{
    const char *cause;
    std::string sentence;
};

Verdict judge(const Death &death, const MemoryCurve &memory, const std::string &faultHandler,
              const std::string &last)
{
    const std::string colon = last.empty() ? "." : ": " + last;
    const std::string call = faultingCall(faultHandler);
    const std::string where = call.empty() ? "." : ", in " + call + '.';
    const int number = death.exit.signal;
    if (death.exit.isOutOfMemory) {
        const std::string used =
            memory.samples().empty()
                ? std::string()
                : " It last used " + readableBytes(memory.samples().back().second) + '.';
        const std::uint64_t limit = death.exit.memoryLimit;
        return {"oom", limit > 0 ? "The kernel and what it started reached their memory limit of " +
                                       readableBytes(limit) + ", so the system ended it." + used
                                 : "The system ended the kernel because memory ran out." + used};
    }
    if (death.askedSignal != 0 && number == death.askedSignal) {
        return {"killed", "The kernel was ended on request, by " + signalName(number) + '.'};
    }
    if (!death.hasStarted) {
        return {"start", number != 0 ? "The kernel could not start: " + signalName(number) +
                                           " ended it" + colon
                                     : "The kernel could not start: it ended with exit code " +
                                           std::to_string(death.exit.code) + colon};
    }
    switch (number) {
    case 0:
        return death.exit.code == 0
                   ? Verdict{"exit", "The kernel ended by itself, without an error (exit code 0)."}
                   : Verdict{"exit", "The kernel ended by itself with exit code " +
                                         std::to_string(death.exit.code) + colon};
    case SIGSEGV:
    case SIGBUS:
        return {"segfault", "The kernel crashed: compiled code used memory that was not its own (" +
                                signalName(number) + ')' + where};
    case SIGABRT:
        return {"abort", "The kernel gave up (SIGABRT)" + (faultHandler.empty() ? colon : where)};
    case SIGFPE:
    case SIGILL:
        return {"crash", "The kernel crashed: compiled code did what the processor cannot do (" +
                             signalName(number) + ')' + where};
    case SIGKILL:
        return {"signal",
                "Something outside killed the kernel (SIGKILL); it is not told who. Where "
                "memory is short, that is often the reason."};
    default:
        return {"signal", "The kernel was ended by " + signalName(number) + '.'};
    }
}

} // namespace

void MemoryCurve::sample(double unixTime, std::uint64_t bytes)
{
    if (bytes > 0) { // 0: it is ending
        m_samples.emplace_back(unixTime, bytes);
    }
    // One older than a minute stays: the curve begins with it.
    while (m_samples.size() > 2 && m_samples[1].first < unixTime - curveSeconds) {
        m_samples.pop_front();
    }
}

json describeDeath(const Death &death, const MemoryCurve &memory)
{
    const std::vector<std::string> lines = lastLines(death.output);
    const json faultHandler = faultHandlerText(death.output);
    const Verdict verdict =
        judge(death, memory, faultHandler.is_string() ? faultHandler.get<std::string>() : "",
              lastWords(lines));
    json curve = json::array();
    for (const auto &[time, bytes] : memory.samples()) {
        curve.push_back({time, bytes});
    }
    const int number = death.exit.signal;
    return {{"pid", death.pid},
            {"exit_code", number == 0 ? json(death.exit.code) : json()},
            {"signal", number != 0 ? json(number) : json()},
            {"signal_name", number != 0 ? json(signalName(number)) : json()},
            {"cause", verdict.cause},
            {"sentence", verdict.sentence},
            {"stderr", lines},
            {"faulthandler", faultHandler},
            {"xid", death.xid ? json(*death.xid) : json()},
            {"memory", curve},
            {"time", death.time},
            {"restarted", death.wasRestarted}};
}

json describeFailedStart(const std::string &reason, double time)
{
    return {{"pid", json()},           {"exit_code", json()},    {"signal", json()},
            {"signal_name", json()},   {"cause", "start"},       {"sentence", reason},
            {"stderr", json::array()}, {"faulthandler", json()}, {"xid", json()},
            {"memory", json::array()}, {"time", time},           {"restarted", false}};
}

} // namespace farcell
