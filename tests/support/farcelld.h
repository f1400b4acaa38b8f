#pragma once

#include "tests/support/rawhttp.h"

#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QUrl>

#include <nlohmann/json.hpp>

#include <csignal>

#include <sys/types.h>

namespace farcell::test {

// A real farcelld with a root and a state folder of its own, which outlive its restarts.
// Kernels left at the end are ended.
class Farcelld
{
public:
    Farcelld()
    {
        m_process.setProgram(QStringLiteral(FARCELL_BIN_DIR "/farcelld"));
        QFile token(m_folder.filePath(QStringLiteral("token")));
        (void)token.open(QIODevice::WriteOnly);
        token.write(" test-token \n");
        (void)QDir(m_folder.path()).mkpath(QStringLiteral("root"));
    }
    ~Farcelld()
    {
        if (m_readyLine.contains("https:"))
            stop(); // json() speaks no TLS
        if (m_process.state() == QProcess::NotRunning)
            (void)start();
        const nlohmann::json kernels = json("GET", "/api/kernels");
        for (const auto &kernel : kernels.is_array() ? kernels : nlohmann::json::array())
            (void)ask("DELETE", "/api/kernels/" + QByteArray::fromStdString(kernel["id"]));
        stop();
    }
    Q_DISABLE_COPY_MOVE(Farcelld)

    static bool hasIpykernel()
    {
        QProcess python;
        python.start(QStringLiteral("/usr/bin/python3"),
                     {QStringLiteral("-c"), QStringLiteral("import ipykernel")});
        return python.waitForFinished(30000) && python.exitCode() == 0;
    }

    // Waits for the ready line; false if it does not come.
    bool start(const QStringList &more = {QStringLiteral("--no-prewarm")}, quint16 port = 0)
    {
        m_process.setArguments(
            QStringList{QStringLiteral("serve"), QStringLiteral("--listen"),
                        QStringLiteral("127.0.0.1:%1").arg(port), QStringLiteral("--root"), root(),
                        QStringLiteral("--state-dir"), state(), QStringLiteral("--token-file"),
                        m_folder.filePath(QStringLiteral("token"))} +
            more);
        m_process.start();
        if (!m_process.waitForReadyRead(20000))
            return false;
        m_readyLine = m_process.readLine();
        static const QRegularExpression expected(QStringLiteral(
            "^Farcell backend ready at https?://(?:127|0)\\.0\\.0\\.[01]:(\\d+)/\n$"));
        const auto match = expected.match(QString::fromUtf8(m_readyLine));
        m_port = match.captured(1).toUShort();
        return match.hasMatch();
    }
    // Ends the server as a service manager would; returns the exit status.
    int stop()
    {
        m_process.terminate();
        return m_process.waitForFinished(15000) ? m_process.exitCode() : -1;
    }
    void kill()
    {
        m_process.kill();
        m_process.waitForFinished(15000);
    }

    RawReply ask(const QByteArray &method, const QByteArray &target, const QByteArray &body = {})
    {
        RawHttp http(m_port);
        http.send(method + " " + target +
                  " HTTP/1.1\r\nHost: localhost\r\nAuthorization: token test-token\r\n"
                  "Content-Length: " +
                  QByteArray::number(body.size()) + "\r\n\r\n" + body);
        return http.reply();
    }
    nlohmann::json json(const QByteArray &method, const QByteArray &target,
                        const QByteArray &body = {})
    {
        const QByteArray text = ask(method, target, body).body;
        return nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
    }

    // Resident memory in bytes.
    [[nodiscard]] qint64 memory() const
    {
        QFile status(QStringLiteral("/proc/%1/status").arg(m_process.processId()));
        (void)status.open(QIODevice::ReadOnly);
        const QByteArray text = status.readAll();
        const qsizetype from = text.indexOf("VmRSS:") + 6;
        return text.mid(from, text.indexOf("kB", from) - from).trimmed().toLongLong() * 1024;
    }
    [[nodiscard]] quint16 port() const { return m_port; }
    [[nodiscard]] QString root() const { return m_folder.filePath(QStringLiteral("root")); }
    [[nodiscard]] QString state() const { return m_folder.filePath(QStringLiteral("state")); }
    [[nodiscard]] QByteArray readyLine() const { return m_readyLine; }
    QProcess &process() { return m_process; }

private:
    QTemporaryDir m_folder;
    QProcess m_process;
    QByteArray m_readyLine;
    quint16 m_port = 0;
};

} // namespace farcell::test
