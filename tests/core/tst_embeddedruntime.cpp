#include "core/client/embeddedruntime.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <memory>

using namespace farcell;

// Starting farcelld as a child: here programs that take its place and misbehave.
class TestEmbeddedRuntime : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void aFailedStartIsNotWaitedFor();
    void saysWhyItEnded();

private:
    void program(const QByteArray &script) const;
    [[nodiscard]] Result<Endpoint> started() const;

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<EmbeddedRuntime> m_runtime;
    QByteArray m_path;
};

void TestEmbeddedRuntime::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_path = qgetenv("PATH");
    qputenv("PATH", m_folder->path().toUtf8() + ':' + m_path);
    EmbeddedRuntime::Options options;
    options.root = m_folder->path();
    options.stateDirectory = m_folder->filePath(QStringLiteral("state"));
    m_runtime = std::make_unique<EmbeddedRuntime>(options);
}

void TestEmbeddedRuntime::cleanup()
{
    m_runtime.reset();
    qputenv("PATH", m_path);
}

void TestEmbeddedRuntime::program(const QByteArray &script) const
{
    const QString path = m_folder->filePath(QStringLiteral("farcelld"));
    QFile::remove(path);
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("#!/bin/sh\n" + script);
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
}

Result<Endpoint> TestEmbeddedRuntime::started() const
{
    QFuture<Result<Endpoint>> future = m_runtime->start();
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, 30000))
        return fail(ErrorCode::Timeout, QStringLiteral("never answered"));
    return future.result();
}

void TestEmbeddedRuntime::aFailedStartIsNotWaitedFor()
{
    // Deaf to the end of its stdin and to SIGTERM; what it says is no address.
    program("trap '' TERM\necho $$ > \"$(dirname \"$0\")/pid\"\n"
            "echo 'Farcell backend ready at nonsense'\nwhile :; do sleep 0.2; done\n");
    QVERIFY(!started().has_value());
    QFile pidFile(m_folder->filePath(QStringLiteral("pid")));
    QVERIFY(pidFile.open(QIODevice::ReadOnly));
    const pid_t deaf = pidFile.readAll().trimmed().toInt();
    QVERIFY(deaf > 1);

    program("echo 'Farcell backend ready at http://127.0.0.1:9/'\ncat > /dev/null\n");
    const Result<Endpoint> second = started();

    QVERIFY2(second.has_value(), qPrintable(second ? QString() : second.error().message));
    QCOMPARE(second->url.port(), 9);
    QCOMPARE(::kill(deaf, 0), 0); // a start that waited for it would have killed it by now
    QTRY_VERIFY_WITH_TIMEOUT(::kill(deaf, 0) != 0, 60000); // it is ended all the same
}

void TestEmbeddedRuntime::saysWhyItEnded()
{
    program("echo 'no room left on the moon' >&2\nexit 1\n");

    const Result<Endpoint> result = started();

    QVERIFY(!result.has_value());
    QVERIFY2(result.error().message.contains(QStringLiteral("no room left on the moon")),
             qPrintable(result.error().message));
}

QTEST_GUILESS_MAIN(TestEmbeddedRuntime)
#include "tst_embeddedruntime.moc"
