#include "app/shell/settingsdialog.h"

#include "app/notebook/settings.h"
#include "app/shell/keymap.h"
#include "app/theme/theme.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

namespace farcell {

namespace {

QLabel *heading(const QString &text, const ThemeSource &theme, QWidget *parent)
{
    auto *label = new QLabel(text, parent);
    label->setFont(theme.theme().bodyStrong);
    label->setProperty("kind", QStringLiteral("muted"));
    label->setContentsMargins(0, 12, 0, 0);
    return label;
}

} // namespace

SettingsDialog::SettingsDialog(Settings &settings, Keymap &keymap, ThemeSource &theme,
                               QWidget *parent)
    : QDialog(parent)
{
    setWindowTitle(tr("Settings"));
    setMinimumWidth(480);
    auto *form = new QFormLayout;
    form->setHorizontalSpacing(24);
    form->setVerticalSpacing(10);
    form->setLabelAlignment(Qt::AlignLeft);

    const auto check = [this, form](const QString &text, bool on, auto changed) {
        auto *box = new QCheckBox(text, this);
        box->setChecked(on);
        connect(box, &QCheckBox::toggled, this, changed);
        form->addRow(box);
    };

    form->addRow(heading(tr("Look"), theme, this));
    auto *themes = new QComboBox(this);
    themes->addItems({tr("As the system"), tr("Light"), tr("Dark")});
    themes->setCurrentIndex(int(settings.theme()));
    connect(themes, &QComboBox::activated, this, [&settings](int index) {
        settings.setTheme(static_cast<Settings::ThemeChoice>(index));
    });
    form->addRow(tr("Theme"), themes);
    auto *size = new QSpinBox(this);
    size->setRange(8, 40);
    size->setSuffix(tr(" px"));
    size->setValue(settings.codeFontSize());
    connect(size, &QSpinBox::valueChanged, this,
            [&settings](int pixels) { settings.setCodeFontSize(pixels); });
    form->addRow(tr("Code size"), size);
    check(tr("Line numbers in code cells"), settings.lineNumbers(),
          [&settings](bool on) { settings.setLineNumbers(on); });

    form->addRow(heading(tr("Keys"), theme, this));
    auto *presets = new QComboBox(this);
    for (const QString &preset : Keymap::presets())
        presets->addItem(Keymap::presetTitle(preset), preset);
    presets->setCurrentIndex(presets->findData(keymap.preset()));
    connect(presets, &QComboBox::activated, this,
            [presets, &keymap] { keymap.setPreset(presets->currentData().toString()); });
    form->addRow(tr("Keyboard shortcuts like"), presets);

    form->addRow(heading(tr("Files"), theme, this));
    check(tr("Save changes by itself after a few seconds"), settings.autosave(),
          [&settings](bool on) { settings.setAutosave(on); });
    check(tr("Open the files of last time when starting"), settings.restoreTabs(),
          [&settings](bool on) { settings.setRestoreTabs(on); });

    form->addRow(heading(tr("Runtime"), theme, this));
    check(tr("Make this computer's runtime ready when a notebook opens"), settings.prewarm(),
          [&settings](bool on) { settings.setPrewarm(on); });
    auto *notify = new QSpinBox(this);
    notify->setRange(0, 86400);
    notify->setSuffix(tr(" s"));
    notify->setSpecialValueText(tr("never"));
    notify->setValue(settings.notifyAfter());
    notify->setToolTip(tr("Only while the window is not in front"));
    connect(notify, &QSpinBox::valueChanged, this,
            [&settings](int seconds) { settings.setNotifyAfter(seconds); });
    form->addRow(tr("Notify of a run's end after"), notify);

    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 12, 24, 20);
    layout->addLayout(form);
    layout->addSpacing(16);
    layout->addWidget(buttons);
}

} // namespace farcell
