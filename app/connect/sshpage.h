#pragma once

#include "app/theme/theme.h"
#include "core/base/result.h"
#include "core/ssh/sshtarget.h"

#include <QHash>
#include <QPointer>
#include <QWidget>

#include <functional>

class QComboBox;
class QPushButton;

namespace farcell {

class SshLink;
class SshQuestionBox;
struct Endpoint;

// The part of the connect dialog for a host over SSH: which host, what ssh asks, and forgetting
// the host. Says how far it is by signals; the dialog shows that and the server in its own ways.
// Links it opened and nobody chose are closed with it. GUI thread.
class SshPage : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SshPage)

public:
    // The link to a host, made if there is none yet; owned elsewhere and longer than this.
    using Links = std::function<SshLink *(const SshTarget &)>;

    SshPage(ThemeSource &theme, Links links, const QString &configFile, QWidget *parent = nullptr);
    ~SshPage() override;

    // Shows a host, or an empty field; a link that is open already is taken up.
    void setHost(const QString &text);
    void focusHost();
    void connectNow(); // to the host of the field
    void leave();      // another place is shown
    void keep();       // the link is chosen: it goes on
    // Which notebook a kernel belongs to, for the question before forgetting.
    void setNotebooks(const QHash<QString, QString> &notebookOfKernel);

    [[nodiscard]] bool hasHost() const;
    [[nodiscard]] QString target() const; // of the link shown, as SshTarget::text()

signals:
    void hostEdited();
    void waiting(const QString &text, qint64 done, qint64 total); // total 0: not known
    void asking();                                                // a question is shown
    void reached(const farcell::Endpoint &endpoint);
    void failed(const farcell::Error &error);
    void forgotten(const QString &target);

private:
    [[nodiscard]] SshLink *linkTo(const SshTarget &target);
    void use(SshLink *link, bool isOurs);
    void dropLink();
    void follow();
    void followQuestion();
    void askAboutForgetting();
    void forget();

    Links m_links;
    QPointer<SshLink> m_link;
    bool m_isOurs = false;       // opened by this page and not yet chosen
    bool m_isForgetting = false; // our own question is shown
    QHash<QString, QString> m_notebooks;
    QComboBox *m_host;
    QPushButton *m_connect;
    SshQuestionBox *m_question;
    QPushButton *m_forget;
};

} // namespace farcell
