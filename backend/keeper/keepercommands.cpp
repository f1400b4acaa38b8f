#include "backend/keeper/keeper.h"
#include "backend/keeper/kernelrunnerparts.h"

#include <optional>
#include <utility>

namespace farcell {

using namespace keeperprotocol;
using nlohmann::json;

namespace {

std::string textOf(const json &object, const char *key)
{
    const auto it = object.find(key);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::vector<std::string> textsOf(const json &object, const char *key)
{
    std::vector<std::string> texts;
    const auto it = object.find(key);
    if (it != object.end() && it->is_array()) {
        for (const json &value : *it) {
            texts.push_back(value.is_string() ? value.get<std::string>() : std::string());
        }
    }
    return texts;
}

std::optional<KernelRunner::Interrupt> stepNamed(const std::string &name)
{
    using Step = KernelRunner::Interrupt;
    for (const auto &[text, step] :
         {std::pair("", Step::Kernel), std::pair("interrupt", Step::Kernel),
          std::pair("group", Step::Group), std::pair("terminate", Step::Terminate),
          std::pair("kill", Step::Kill)}) {
        if (name == text) {
            return step;
        }
    }
    return std::nullopt;
}

} // namespace

void Keeper::command(std::string_view payload)
{
    const json request = json::parse(payload, nullptr, false);
    if (!request.is_object()) {
        return;
    }
    const json id = request.value("id", json());
    const auto answer = [this, id](const std::string &problem, const json &data) {
        m_owners.tellAll(
            FrameType::Result,
            dumpJson({{"id", id}, {"ok", problem.empty()}, {"message", problem}, {"data", data}}));
    };
    const auto done = [answer](const std::string &problem) { answer(problem, {}); };
    const std::string name = textOf(request, "command");
    if (name == "interrupt") {
        const auto step = stepNamed(textOf(request, "step"));
        done(step ? m_runner.interrupt(*step) : "there is no such step");
    } else if (name == "restart") {
        m_runner.restart(done);
    } else if (name == "shutdown") {
        m_runner.shutdown(done);
    } else if (name == "adopt") {
        m_runner.adopt(textOf(request, "working_directory"), textOf(request, "session_name"), done);
    } else if (name == "process") {
        m_runner.describeProcesses(answer);
    } else if (name == "death") {
        answer({}, m_runner.death());
    } else if (name == "usage") {
        answer({}, m_runner.ledger().toJson());
    } else if (name == "gpu_sample") {
        m_runner.addGpuSample(request.value("gpus", json()));
        done({});
    } else if (name == "queue") {
        answer({}, m_runner.queue().toJson());
    } else {
        done(queueCommand(name, request));
    }
}

std::string Keeper::queueCommand(const std::string &name, const json &request)
{
    ExecutionQueue &queue = m_runner.queue();
    if (name == "queue_cancel") {
        return m_runner.cancel(textOf(request, "msg_id"));
    }
    if (name == "queue_order") {
        return queue.order(textsOf(request, "msg_ids")) ? "" : "one of them does not wait";
    }
    if (name == "queue_stop_after") {
        return queue.stopAfter(textOf(request, "msg_id")) ? "" : "it is not in the queue";
    }
    if (name == "queue_pause") {
        queue.setPaused(true);
        return {};
    }
    if (name == "queue_resume") {
        m_runner.resumeQueue();
        return {};
    }
    return "unknown command";
}

} // namespace farcell
