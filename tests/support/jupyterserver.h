#pragma once

#include "core/client/runtimeclient.h"

#include <QCoreApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QProcess>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QThread>

namespace farcell::test {

// Debian's jupyter-server in a folder of its own, for tests against the real thing. Ends with the
// object. Tests skip when isInstalled() is false.
class JupyterServer
{
public:
    static bool isInstalled()
    {
        return !QStandardPaths::findExecutable(QStringLiteral("jupyter-server")).isEmpty();
    }

    explicit JupyterServer(const QString &baseUrl = QStringLiteral("/"))
    {
        QTcpServer probe;
        probe.listen(QHostAddress::LocalHost);
        m_port = probe.serverPort();
        probe.close();
        m_baseUrl = baseUrl;

        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        for (const char *name : {"JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"})
            environment.insert(QString::fromLatin1(name), m_private.path());
        environment.insert(QStringLiteral("JUPYTER_TOKEN"), token());
        m_process.setProcessEnvironment(environment);
        m_process.setProcessChannelMode(QProcess::MergedChannels);
        m_process.setStandardOutputFile(m_private.filePath(QStringLiteral("log")));
        m_process.start(QStringLiteral("jupyter-server"),
                        {QStringLiteral("--allow-root"), QStringLiteral("--no-browser"),
                         QStringLiteral("--ServerApp.ip=127.0.0.1"),
                         QStringLiteral("--ServerApp.port=%1").arg(m_port),
                         QStringLiteral("--ServerApp.port_retries=0"),
                         QStringLiteral("--ServerApp.base_url=") + baseUrl,
                         QStringLiteral("--ServerApp.root_dir=") + root()});
    }
    ~JupyterServer() { stop(); }
    Q_DISABLE_COPY_MOVE(JupyterServer)

    // Up to 30 s.
    bool waitUntilReady()
    {
        QElapsedTimer clock;
        clock.start();
        while (clock.elapsed() < 30000 && m_process.state() != QProcess::NotRunning) {
            QTcpSocket socket;
            socket.connectToHost(QHostAddress::LocalHost, m_port);
            if (socket.waitForConnected(1000))
                return true;
            m_process.waitForFinished(100);
        }
        return false;
    }
    void stop()
    {
        m_process.terminate();
        if (!m_process.waitForFinished(10000)) {
            m_process.kill();
            m_process.waitForFinished(2000);
        }
    }

    [[nodiscard]] QString root() const { return m_root.path(); }
    [[nodiscard]] static QString token() { return QStringLiteral("test-token"); }
    [[nodiscard]] Endpoint endpoint() const
    {
        Endpoint endpoint;
        endpoint.url = QUrl(QStringLiteral("http://127.0.0.1:%1%2").arg(m_port).arg(m_baseUrl));
        endpoint.token = token();
        return endpoint;
    }

private:
    QTemporaryDir m_root;
    QTemporaryDir m_private;
    QProcess m_process;
    QString m_baseUrl;
    quint16 m_port = 0;
};

} // namespace farcell::test
