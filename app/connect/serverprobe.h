#pragma once

#include "core/base/result.h"
#include "core/client/runtimeclient.h"

#include <QObject>

#include <memory>

namespace farcell {

// What a server says about itself and what runs on it.
struct ServerState
{
    Endpoint endpoint;
    ServerInfo info;
    RemoteKernelSpecs specs;
    QList<RemoteKernel> kernels;
    QList<RemoteSession> sessions; // tell which notebook a kernel belongs to
};

// Asks one server at a time; a new question makes the earlier one's answer void.
class ServerProbe : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ServerProbe)

public:
    explicit ServerProbe(QObject *parent = nullptr);
    ~ServerProbe() override;

    void start(const Endpoint &endpoint);
    void cancel();

signals:
    // One of the two, once per question that was not cancelled.
    void answered(const farcell::ServerState &state);
    void failed(const farcell::Error &error);

private:
    void askSpecs(int question);
    void askKernels(int question);
    void askSessions(int question);
    void end(int question, const Result<ServerState> &result);

    std::unique_ptr<RuntimeClient> m_client;
    ServerState m_state;
    int m_question = 0;
};

} // namespace farcell
