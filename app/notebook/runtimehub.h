#pragma once

#include "core/base/result.h"
#include "core/client/attachmentstore.h"
#include "core/client/runtimeclient.h"

#include <QObject>
#include <QPointer>

#include <functional>
#include <memory>
#include <vector>

namespace farcell {

class EmbeddedRuntime;
class KernelControl;
class SshLink;
struct SshTarget;

// One Jupyter server the app works with: this computer's own farcelld (started when first needed)
// one somewhere else, or one on a host over SSH. Owned by RuntimeHub; GUI thread.
class Runtime : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Runtime)

public:
    explicit Runtime(QObject *parent); // this computer
    Runtime(const Endpoint &endpoint, QString name, QObject *parent);
    Runtime(const SshTarget &target, QObject *parent);
    ~Runtime() override;

    [[nodiscard]] bool isLocal() const { return m_local; }
    [[nodiscard]] QString name() const;
    // Empty until it is known; of a host over SSH "ssh:user@host:port", which can be kept: the
    // client's endpoint is another one each time.
    [[nodiscard]] QUrl url() const;
    // What is kept of it between two runs of the app: url(), or a word for this computer.
    [[nodiscard]] QUrl address() const;
    [[nodiscard]] SshLink *sshLink() const { return m_link.get(); }        // null: not over SSH
    [[nodiscard]] RuntimeClient *client() const { return m_client.get(); } // null until ready

    // Farcell's own ways to its kernels; null until ready. On another Jupyter server each call ends
    // with NotFound.
    [[nodiscard]] KernelControl *control() const { return m_control.get(); }

    // Calls back once, now or later, with the client or the reason why there is none; not at all
    // if `context` is gone by then.
    using Ready = std::function<void(const Result<RuntimeClient *> &)>;
    void whenReady(QObject *context, Ready ready);

    // Path of a local file as this runtime names it; empty if it cannot see the file.
    [[nodiscard]] QString pathOfLocalFile(const QString &path) const;

signals:
    void started();
    void ended(const QString &why);
    void reachable(); // over SSH: the connection is there again

private:
    void start();
    void followLink();
    void answer(const Result<RuntimeClient *> &result);

    const bool m_local;
    QString m_name;
    bool m_starting = false;
    std::unique_ptr<EmbeddedRuntime> m_embedded;
    std::unique_ptr<SshLink> m_link;
    std::unique_ptr<RuntimeClient> m_client;
    std::unique_ptr<KernelControl> m_control;
    std::vector<std::pair<QPointer<QObject>, Ready>> m_waiting;
};

// All runtimes of the app and which one a newly opened notebook uses. Owned by main().
class RuntimeHub : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RuntimeHub)

public:
    explicit RuntimeHub(QObject *parent = nullptr);
    ~RuntimeHub() override;

    [[nodiscard]] Runtime *local() const { return m_local; }
    [[nodiscard]] Runtime *remote(const Endpoint &endpoint, const QString &name); // made once
    [[nodiscard]] Runtime *ssh(const SshTarget &target);                          // made once
    [[nodiscard]] Runtime *find(const QUrl &url) const;                           // null if unknown
    [[nodiscard]] const std::vector<Runtime *> &all() const { return m_all; }
    // Which notebook runs where, also after the app's end.
    [[nodiscard]] AttachmentStore &attachments() { return m_attachments; }

    [[nodiscard]] Runtime *preferred() const { return m_preferred; }
    void setPreferred(Runtime *runtime);

signals:
    void preferredChanged();
    void added(farcell::Runtime *runtime);

private:
    Runtime *m_local;
    Runtime *m_preferred;
    std::vector<Runtime *> m_all;
    AttachmentStore m_attachments;
};

} // namespace farcell
