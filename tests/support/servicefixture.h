#pragma once

#include "backend/kernels/keeperspawn.h"
#include "backend/kernels/kernelservice.h"
#include "tests/support/fastkernelspec.h"
#include "tests/support/kernelclient.h"

#include <QCoreApplication>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

namespace farcell::test {

// A KernelService with its own state folder, the test kernel and real keepers. Every kernel is
// gone when it is.
class ServiceFixture
{
public:
    static constexpr int patienceMs = 60000;

    ServiceFixture() { create(); }
    ~ServiceFixture()
    {
        for (const KernelModel &kernel : service->kernels()) {
            const auto ended = service->shutdown(kernel.id);
            static_cast<void>(QTest::qWaitFor([&] { return ended.isFinished(); }, patienceMs));
        }
    }
    Q_DISABLE_COPY_MOVE(ServiceFixture)

    // Again with the same folder, as after a restart of the server.
    void create()
    {
        service.reset();
        auto created = KernelService::create(
            {m_state.path(), QStringLiteral(FARCELL_BIN_DIR "/farcell-keeper"), false});
        if (!created) {
            qFatal("%s", qPrintable(created.error().message));
        }
        service = *std::move(created);
    }
    [[nodiscard]] KernelId start(const QString &spec) const
    {
        KernelStart request;
        request.name = spec;
        request.workingDirectory = m_state.path();
        const auto future = service->start(request);
        if (!QTest::qWaitFor([&] { return future.isFinished(); }, patienceMs) || !future.result()) {
            qWarning("the kernel was not started");
            return {};
        }
        return future.result()->id;
    }
    [[nodiscard]] std::unique_ptr<KernelClient> connect(const KernelId &id, const QString &session,
                                                        const StreamOptions &options = {}) const
    {
        return std::make_unique<KernelClient>(service->open(id, session, options), session);
    }
    // The answer's data; {"refused": why} if there is none.
    [[nodiscard]] nlohmann::json ask(const KernelId &id, const nlohmann::json &command) const
    {
        const auto future = service->ask(id, {}, command);
        if (!QTest::qWaitFor([&] { return future.isFinished(); }, patienceMs)) {
            return {{"refused", "no answer"}};
        }
        const Result<nlohmann::json> answer = future.result();
        return answer ? *answer
                      : nlohmann::json{{"refused", answer.error().message.toStdString()}};
    }
    [[nodiscard]] QString bundleOf(const KernelId &id) const
    {
        return m_state.path() + QStringLiteral("/kernels/") + id.toString();
    }
    [[nodiscard]] QString statePath() const { return m_state.path(); }

    FastKernelSpec specs{QCoreApplication::applicationDirPath() + QStringLiteral("/fastkernel")};
    std::unique_ptr<KernelService> service;

private:
    QTemporaryDir m_state;
};

} // namespace farcell::test
