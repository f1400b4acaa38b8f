#pragma once

#include "core/base/result.h"
#include "core/ssh/sshtarget.h"

#include <QByteArray>
#include <QHash>
#include <QObject>
#include <QProcess>
#include <QTimer>

#include <memory>

class QFile;

namespace farcell {

// The system's ssh, as one connection to one host is made with it.
struct SshProgram
{
    QString path = QStringLiteral("ssh");
    QString configFile; // empty: the person's and the system's
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
};

// One script on the host, through a connection that is up. Its variables and what it answers are
// in docs/remote.md. Emits done() once; deletes itself with its parent only.
class RemoteRun : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RemoteRun)

public:
    using Variables = QList<std::pair<QString, QString>>;

    // `name`: of core/ssh/scripts, without ".sh". `stream` follows the script once the host says
    // that it is ready, from where the file stands.
    RemoteRun(QProcess *process, const QString &name, const Variables &variables,
              std::unique_ptr<QFile> stream, QObject *parent);
    ~RemoteRun() override;

    [[nodiscard]] QString value(const QString &key) const { return m_values.value(key); }
    [[nodiscard]] QStringList values(const QString &key) const { return m_values.values(key); }
    [[nodiscard]] bool has(const QString &key) const { return m_values.contains(key); }
    [[nodiscard]] QString otherOutput() const;             // what the host's shell said besides
    [[nodiscard]] bool wasCut() const { return m_wasCut; } // ssh itself failed

signals:
    void said(const QString &key);
    void streamed(qint64 bytes); // of the stream, so far
    void done();

private:
    void readLines();
    void feed();

    QProcess *m_process;
    QMultiHash<QString, QString> m_values;
    QByteArray m_other;
    std::unique_ptr<QFile> m_stream;
    qint64 m_scriptBytes = 0;
    qint64 m_written = 0;
    bool m_isFeeding = false;
    bool m_wasCut = false;
};

// The ssh process that holds the connection (a ControlMaster without a session of its own), and
// what runs through it. Dies with us.
class SshMaster : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SshMaster)

public:
    SshMaster(SshTarget target, SshProgram program, QString controlPath, QObject *parent = nullptr);
    ~SshMaster() override; // ends the connection

    void start();
    [[nodiscard]] bool isUp() const { return m_isUp; }
    [[nodiscard]] qint64 processId() const { return m_process.processId(); }
    [[nodiscard]] QString errorText() const { return QString::fromUtf8(m_errorText); }

    // The run belongs to this object. Only while up.
    RemoteRun *run(const QString &script, const RemoteRun::Variables &variables,
                   std::unique_ptr<QFile> stream = {});
    // Joins a socket here to one on the host; calls back with what ssh said when it failed.
    void forward(const QString &local, const QString &remote,
                 std::function<void(bool, const QString &)> done);

signals:
    void up();
    void ended(); // it was never up, or is not any more

private:
    [[nodiscard]] QProcess *client(QObject *parent);
    [[nodiscard]] QStringList baseArguments() const;

    SshTarget m_target;
    SshProgram m_program;
    QString m_controlPath;
    QProcess m_process;
    QTimer m_watch; // for the control socket, which is there once the log-in is done
    QByteArray m_errorText;
    bool m_isUp = false;
    bool m_hasEnded = false;
};

} // namespace farcell
