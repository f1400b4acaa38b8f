#pragma once

#include "app/connect/kernellist.h"
#include "app/connect/recentservers.h"
#include "app/connect/serverprobe.h"
#include "app/theme/theme.h"
#include "core/client/pinstore.h"
#include "core/client/runtimeclient.h"

#include <QDialog>
#include <QTimer>

#include <functional>
#include <optional>

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace farcell {

class PlaceList;
class ServerCard;
class SshLink;
class SshPage;
class TokenStore;
struct SshTarget;

// What the person chose.
struct RuntimeChoice
{
    bool thisComputer = true;
    QString ssh;         // the host as SshTarget::text(); empty: not over SSH
    Endpoint endpoint;   // of the server, also for this computer
    QString serverName;  // what it says it is
    KernelChoice kernel; // empty: as the notebook says
};

// "Connect to a runtime": where a notebook runs and on which kernel. Asks servers as soon as one is
// chosen and says what is wrong beside the fields. Never blocks. GUI thread.
// Not here: what connecting means for the notebook (KernelLink).
class ConnectDialog : public QDialog
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ConnectDialog)

public:
    // Starts this computer's runtime if need be and tells where it is; later, or never if
    // `context` is gone.
    using Answer = std::function<void(const Result<Endpoint> &)>;
    using ThisComputer = std::function<void(QObject *context, Answer answer)>;

    struct Setup
    {
        ThisComputer thisComputer;
        std::function<SshLink *(const SshTarget &)> sshLink; // made once; the caller owns it
        QString sshConfig;    // where the names of hosts are; empty: ~/.ssh/config
        QUrl currentServer;   // empty: this computer; "ssh:user@host" over SSH
        QString wantedKernel; // the notebook's kernelspec
        KernelId currentKernel;
        QString recentFile; // where the list of recent servers is kept
    };

    ConnectDialog(ThemeSource &theme, TokenStore &tokens, Setup setup, QWidget *parent = nullptr);
    ~ConnectDialog() override;

    [[nodiscard]] const RuntimeChoice &choice() const { return m_choice; } // after accepted()

    // Fills the fields as if a person had typed and asks the server.
    void openAddress(const QString &address, const QString &token = {});
    void openSsh(const QString &host); // the same for a host over SSH

private:
    QWidget *buildForm();
    void buildSshPage();
    QWidget *buildDetails();
    QWidget *buildButtons();
    void applyTheme();

    void placeChanged();
    void askThisComputer(int place);
    void askRecent(int place, const QUrl &url);
    void askTyped();
    void ask(const Endpoint &endpoint);
    void useState(const ServerState &state);
    void showError(const Error &error);
    void trust(const QString &fingerprint);
    void fieldsEdited();
    [[nodiscard]] bool isSsh() const;
    void showTokenPlace();
    void forget(const QUrl &url);
    void finish();
    void updateButtons();

    ThemeSource &m_theme;
    TokenStore &m_tokens;
    Setup m_setup;
    RecentServers m_recent;
    ServerProbe m_probe;
    PinStore m_pins;
    Endpoint m_asked;                   // without its pinned certificate
    std::optional<ServerState> m_state; // of the place shown
    RuntimeChoice m_choice;
    int m_place = 0;                 // answers for an earlier one are stale
    bool m_acceptsWhenReady = false; // Connect was pressed before the server was asked
    QTimer m_settle;                 // arrow keys run through the list without asking each

    PlaceList *m_places = nullptr;
    QLabel *m_title = nullptr;
    QLabel *m_note = nullptr;
    QWidget *m_form = nullptr;
    SshPage *m_ssh = nullptr;
    QLineEdit *m_address = nullptr;
    QLineEdit *m_token = nullptr;
    QCheckBox *m_remember = nullptr;
    QLabel *m_tokenPlace = nullptr;
    ServerCard *m_card = nullptr;
    KernelList *m_kernels = nullptr;
    QPushButton *m_check = nullptr;
    QPushButton *m_connect = nullptr;
};

} // namespace farcell
