#pragma once

#include "core/client/kernelconnection.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"
#include "tests/core/fakekernelserver.h"

#include <QTest>

#include <memory>
#include <vector>

namespace farcell::test {

// A notebook on a scripted kernel.
struct SessionBench
{
    explicit SessionBench(bool speaksV1 = true)
        : server(speaksV1)
        , client(server.endpoint())
        , connection(client.connectKernel(KernelId(QStringLiteral("k")), QStringLiteral("python3")))
        , session(document)
    {
        session.setConnection(connection.get());
    }

    CellId add(const QString &source = QStringLiteral("x"))
    {
        return document.insertCell(document.cellCount(), CellKind::Code, source);
    }
    void run(std::vector<CellId> cells,
             NotebookSession::OnError onError = NotebookSession::OnError::Stop)
    {
        session.run(cells, onError);
    }
    // The next request the kernel got; an empty one if none comes.
    FakeKernelServer::Request next()
    {
        if (!QTest::qWaitFor([this] { return !server.requests.isEmpty(); }))
            return {};
        return server.requests.dequeue();
    }
    // Runs one cell up to the kernel's "busy".
    FakeKernelServer::Request started(const CellId &cell, int count = 1)
    {
        run({cell});
        FakeKernelServer::Request request = next();
        server.busy(request, count);
        return request;
    }
    void finish(const FakeKernelServer::Request &request, int count = 1)
    {
        server.replyOk(request, count);
        server.idle(request);
    }
    [[nodiscard]] const std::vector<Output> &outputs(const CellId &id) const
    {
        return document.findCell(id)->outputs.items();
    }
    [[nodiscard]] QString plain(const CellId &id, size_t index) const
    {
        const JsonText *const text = outputs(id).at(index).data.find(u"text/plain");
        return text == nullptr ? QString() : text->toMultilineString().value_or(QString());
    }
    [[nodiscard]] CellRunState::Phase phase(const CellId &id) const
    {
        return session.runState(id).phase;
    }

    FakeKernelServer server;
    RuntimeClient client;
    std::unique_ptr<KernelConnection> connection;
    NotebookDocument document;
    NotebookSession session;
};

// Contents of messages.
inline QByteArray stream(const QByteArray &text, const QByteArray &name = "stdout")
{
    return R"({"name": ")" + name + R"(", "text": ")" + text + "\"}";
}

inline QByteArray display(const QByteArray &text, const QByteArray &id = {})
{
    QByteArray content = R"({"data": {"text/plain": ")" + text + R"("}, "metadata": {})";
    if (!id.isEmpty())
        content += R"(, "transient": {"display_id": ")" + id + "\"}";
    return content + "}";
}

} // namespace farcell::test
