#pragma once

#include "core/client/runtimeclient.h"
#include "core/ssh/sshlink.h"
#include "tests/support/sshd.h"

#include <QDir>
#include <QFile>
#include <QTest>

#include <memory>
#include <utility>

namespace farcell::test {

inline constexpr int sshPatienceMs = 120000;

template <typename T>
Result<T> await(QFuture<Result<T>> future)
{
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, sshPatienceMs) || !future.isValid())
        return fail(ErrorCode::Timeout, QStringLiteral("the future did not finish"));
    return future.result();
}

// One that has ended and waits to be collected does not count.
inline bool isRunning(qint64 pid)
{
    QFile stat(QStringLiteral("/proc/%1/stat").arg(pid));
    if (pid <= 0 || !stat.open(QIODevice::ReadOnly))
        return false;
    const QByteArray text = stat.readAll();
    return text.mid(text.lastIndexOf(')') + 2, 1) != "Z";
}

// A host and what links to it. A test derives from it.
class SshFixture
{
protected:
    using State = SshLink::State;

    // Empty: as we ourselves.
    explicit SshFixture(QString user)
        : m_user(std::move(user))
    {}

    void makeHost(const QByteArray &config = {});
    void removeHost(); // and the server on it
    [[nodiscard]] std::unique_ptr<SshLink>
    makeLink(const QString &name = QStringLiteral("box")) const;
    static bool waitReady(SshLink &link)
    {
        const bool ended = QTest::qWaitFor(
            [&] { return link.state() == State::Ready || link.state() == State::Closed; },
            sshPatienceMs);
        if (link.state() != State::Ready)
            qWarning() << "state" << int(link.state()) << link.error().message
                       << link.error().detail;
        return ended && link.state() == State::Ready;
    }
    // What open() comes to when it does not come to a connection.
    static Error failure(SshLink &link)
    {
        Error error;
        QObject::connect(&link, &SshLink::failed, &link, [&](const Error &e) { error = e; });
        link.open();
        const bool ended = QTest::qWaitFor(
            [&] { return link.state() == State::Ready || link.state() == State::Closed; },
            sshPatienceMs);
        link.disconnect();
        if (!ended || link.state() == State::Ready)
            error.message = QStringLiteral("(no failure)");
        return error;
    }
    bool waitQuestion(SshLink &link)
    {
        return QTest::qWaitFor([&] { return link.question() || link.state() == State::Closed; },
                               sshPatienceMs);
    }
    [[nodiscard]] QString serverField(const QString &name) const
    {
        for (const QString &state : QDir(m_host->home() + QStringLiteral("/.local/state/farcell"))
                                        .entryList({QStringLiteral("ssh-*")}, QDir::Dirs)) {
            QFile file(m_host->home() + QStringLiteral("/.local/state/farcell/") + state +
                       QStringLiteral("/server"));
            if (!file.open(QIODevice::ReadOnly))
                continue;
            for (const QString &line : QString::fromUtf8(file.readAll()).split(u'\n')) {
                if (line.startsWith(name + u' '))
                    return line.mid(name.size() + 1);
            }
        }
        return {};
    }
    [[nodiscard]] qint64 serverPid() const
    {
        return serverField(QStringLiteral("pid")).toLongLong();
    }
    [[nodiscard]] QString dataFolder() const
    {
        return m_host->home() + QStringLiteral("/.local/share/farcell/server");
    }
    bool forget(SshLink &link)
    {
        bool done = false;
        bool isOk = false;
        link.lookForForgetting([&](const Result<QStringList> &kernels) {
            if (!kernels) {
                qWarning() << kernels.error().message;
                done = true;
                return;
            }
            link.forget([&](const Result<> &forgotten) {
                if (!forgotten)
                    qWarning() << forgotten.error().message << forgotten.error().detail;
                isOk = forgotten.has_value();
                done = true;
            });
        });
        return QTest::qWaitFor([&] { return done; }, sshPatienceMs) && isOk;
    }

    QString m_user;
    std::unique_ptr<Sshd> m_host;
};

inline void SshFixture::makeHost(const QByteArray &config)
{
    m_host = std::make_unique<Sshd>(m_user, config);
    QVERIFY2(m_host->start(), m_host->log().constData());
    m_host->trustHostKey();
}

inline void SshFixture::removeHost()
{
    if (QTest::currentTestFailed() && m_host)
        qWarning().noquote() << m_host->log().right(3000);
    if (const qint64 pid = m_host ? serverPid() : 0; isRunning(pid)) {
        m_host->authorize(QStringLiteral("key"));
        m_host->writeClientConfig();
        m_host->trustHostKey();
        const auto link = makeLink();
        QVERIFY(forget(*link));
        QVERIFY(!isRunning(pid));
    }
    m_host.reset();
}

inline std::unique_ptr<SshLink> SshFixture::makeLink(const QString &name) const
{
    SshLink::Options options;
    options.ssh.configFile = m_host->clientConfig();
    options.askpass = QStringLiteral(FARCELL_BIN_DIR "/farcell-askpass");
    options.programs = QStringLiteral(FARCELL_BIN_DIR);
    options.cacheDirectory = QStringLiteral(FARCELL_BIN_DIR "/../sshcache"); // packed once
    options.usesInstalled = false;
    return std::make_unique<SshLink>(*SshTarget::parse(name), options);
}

// As we ourselves, and as an ordinary user too where we are root. Returns the number of failures.
template <typename Test>
int runForUsers(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    Test own{QString()};
    int failures = QTest::qExec(&own, argc, argv);
    const ThrowawayUser user;
    if (!user.isMade() || Sshd::program().isEmpty()) {
        qWarning("SKIP: as an ordinary user too only where the tests run as root");
        return failures;
    }
    if (!user.setPassword("pass word"))
        return failures + 1;
    Test ordinary(user.name());
    failures += QTest::qExec(&ordinary, argc, argv);
    return failures;
}

} // namespace farcell::test
