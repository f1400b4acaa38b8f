#pragma once

#include "app/notebook/page.h"
#include "app/notebook/runtimehub.h"
#include "core/base/result.h"

#include <QPointer>

class QLabel;
class QPlainTextEdit;
class QVBoxLayout;

namespace farcell {

class ThemeSource;

// A tab with a text file of this computer or a runtime, which can be edited and saved. GUI thread.
// Not here: outputs and what is only to be read (OutputPage).
class TextPage : public Page
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TextPage)

public:
    TextPage(QString title, const QString &text, ThemeSource &theme, QWidget *parent = nullptr);

    // A file that can be saved; without a runtime it is a local one.
    void setFile(const QString &path, Runtime *runtime);
    void save();
    [[nodiscard]] Runtime *runtime() const { return m_runtime; } // null: a local file
    [[nodiscard]] bool isFile() const { return !m_path.isEmpty(); }

    [[nodiscard]] QString title() const override { return m_title; }
    [[nodiscard]] QString place() const override { return m_path; }
    [[nodiscard]] bool isModified() const override;
    void takeFocus() override;

signals:
    void failed(const farcell::Error &error);

private:
    void applyTheme();

    QString m_title, m_path;
    QPointer<Runtime> m_runtime;
    bool m_onRuntime = false;
    ThemeSource &m_theme;
    QPlainTextEdit *m_edit;
};

} // namespace farcell
