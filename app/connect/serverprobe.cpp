#include "app/connect/serverprobe.h"

#include "core/base/onfinished.h"

#include <utility>

namespace farcell {

ServerProbe::ServerProbe(QObject *parent)
    : QObject(parent)
{}

ServerProbe::~ServerProbe() = default;

void ServerProbe::start(const Endpoint &endpoint)
{
    cancel();
    const int question = m_question;
    m_state = {};
    m_state.endpoint = endpoint;
    m_client = std::make_unique<RuntimeClient>(endpoint);
    onFinished(m_client->probe(), this, [this, question](const Result<ServerInfo> &info) {
        if (!info)
            return end(question, tl::unexpected(info.error()));
        if (question != m_question)
            return;
        m_state.info = *info;
        askSpecs(question);
    });
}

void ServerProbe::cancel()
{
    ++m_question;
    m_client.reset();
}

void ServerProbe::askSpecs(int question)
{
    onFinished(m_client->kernelSpecs(), this,
               [this, question](const Result<RemoteKernelSpecs> &specs) {
                   if (!specs)
                       return end(question, tl::unexpected(specs.error()));
                   if (question != m_question)
                       return;
                   m_state.specs = *specs;
                   askKernels(question);
               });
}

// From here on an error only leaves a list empty: the server can be used all the same.
void ServerProbe::askKernels(int question)
{
    onFinished(m_client->kernels(), this,
               [this, question](const Result<QList<RemoteKernel>> &kernels) {
                   if (question != m_question)
                       return;
                   m_state.kernels = kernels.value_or(QList<RemoteKernel>());
                   askSessions(question);
               });
}

void ServerProbe::askSessions(int question)
{
    onFinished(m_client->sessions(), this,
               [this, question](const Result<QList<RemoteSession>> &sessions) {
                   m_state.sessions = sessions.value_or(QList<RemoteSession>());
                   end(question, m_state);
               });
}

void ServerProbe::end(int question, const Result<ServerState> &result)
{
    if (question != m_question)
        return;
    if (result)
        emit answered(*result);
    else
        emit failed(result.error());
}

} // namespace farcell
