#include "app/theme/palettes.h"

#include <QFontDatabase>
#include <QFontInfo>

namespace farcell {

namespace {

QFont sized(const QFont &base, int pixels, QFont::Weight weight)
{
    QFont font = base;
    font.setPixelSize(pixels);
    font.setWeight(weight);
    return font;
}

QFont interfaceFont()
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
    const QString system = font.family();
    // Inter is drawn for interfaces at small sizes; elsewhere the system's own face fits best.
    if (QFontDatabase::hasFamily(QStringLiteral("Inter")))
        font.setFamilies({QStringLiteral("Inter"), system, QStringLiteral("Noto Sans CJK SC")});
    font.setStyleHint(QFont::SansSerif);
    font.setHintingPreference(QFont::PreferNoHinting);
    return font;
}

QFont codeFont()
{
    const QStringList wanted{QStringLiteral("JetBrains Mono"), QStringLiteral("Cascadia Code"),
                             QStringLiteral("Fira Code"),      QStringLiteral("Source Code Pro"),
                             QStringLiteral("Noto Sans Mono"), QStringLiteral("DejaVu Sans Mono"),
                             QStringLiteral("Menlo"),          QStringLiteral("Consolas")};
    QStringList families;
    for (const QString &family : wanted) {
        if (QFontDatabase::hasFamily(family)) {
            families.append(family);
            break;
        }
    }
    families.append(QFontDatabase::systemFont(QFontDatabase::FixedFont).family());
    families.append(QStringLiteral("Noto Sans Mono CJK SC"));
    QFont font;
    font.setFamilies(families);
    font.setStyleHint(QFont::Monospace);
    font.setFixedPitch(true);
    font.setHintingPreference(QFont::PreferNoHinting);
    return font;
}

QColor hex(QRgb rgb)
{
    return QColor::fromRgb(rgb);
}

} // namespace

Theme lightTheme()
{
    Theme t;
    t.dark = false;
    t.window = hex(0xf3f4f6);
    t.surface = hex(0xffffff);
    t.surfaceRaised = hex(0xffffff);
    t.surfaceSunken = hex(0xf6f7f9);
    t.hover = hex(0xe8eaee);
    t.pressed = hex(0xdce0e6);
    t.border = hex(0xe2e5ea);
    t.borderStrong = hex(0xb9c0ca);
    t.text = hex(0x1b2027);
    t.textMuted = hex(0x535c68);
    t.textFaint = hex(0x666f7b);
    t.textOnAccent = hex(0xffffff);
    t.accent = hex(0x1b63d0);
    t.accentHover = hex(0x1554b8);
    t.accentSoft = hex(0xe4edfc);
    t.danger = hex(0xb9252b);
    t.dangerSoft = hex(0xfcebea);
    t.warning = hex(0x865300);
    t.warningSoft = hex(0xfdf2d9);
    t.success = hex(0x17703a);
    t.successSoft = hex(0xe2f3e8);
    t.selection = hex(0xbcd6fb);
    t.findHit = hex(0xffe9a3);
    t.findHitCurrent = hex(0xffbe5c);
    t.focusRing = hex(0x1b63d0);
    t.link = hex(0x155bc2);

    auto &s = t.syntax;
    s.plain = hex(0x1b2027);
    s.keyword = hex(0x9a1fa0);
    s.builtin = hex(0x0b6480);
    s.string = hex(0x1f7030);
    s.escape = hex(0x8a5200);
    s.number = hex(0x9a4a00);
    s.comment = hex(0x68717d);
    s.function = hex(0x1a58b8);
    s.type = hex(0x875300);
    s.decorator = hex(0x7a5600);
    s.operatorSign = hex(0x3d4652);
    s.magic = hex(0xa32a78);
    s.error = hex(0xb9252b);
    s.caretLine = hex(0xeef1f5);
    s.lineNumber = hex(0x8b94a1);
    s.indentGuide = hex(0xdfe3e9);
    s.bracketMatch = hex(0xcfe1fc);
    s.bracketBad = hex(0xf9d3d1);

    t.ansi = {hex(0x1b2027), hex(0xb9252b), hex(0x17703a), hex(0x865300),
              hex(0x1a58b8), hex(0x9a1fa0), hex(0x0b6480), hex(0x535c68),
              hex(0x666f7b), hex(0xcb2b31), hex(0x1c7a41), hex(0x8d5a00),
              hex(0x1b63d0), hex(0xa82fae), hex(0x0b7194), hex(0x3d4652)};
    return t;
}

Theme darkTheme()
{
    Theme t;
    t.dark = true;
    t.window = hex(0x16181c);
    t.surface = hex(0x1c1f24);
    t.surfaceRaised = hex(0x262a31);
    t.surfaceSunken = hex(0x15171b);
    t.hover = hex(0x2a2f37);
    t.pressed = hex(0x353b45);
    t.border = hex(0x2d3239);
    t.borderStrong = hex(0x4b535f);
    t.text = hex(0xe3e6eb);
    t.textMuted = hex(0xa7afbb);
    t.textFaint = hex(0x929ba7);
    t.textOnAccent = hex(0x0b1626);
    t.accent = hex(0x6fa8ff);
    t.accentHover = hex(0x8dbaff);
    t.accentSoft = hex(0x203049);
    t.danger = hex(0xf68580);
    t.dangerSoft = hex(0x3a2123);
    t.warning = hex(0xe6b65c);
    t.warningSoft = hex(0x352b18);
    t.success = hex(0x61cc8e);
    t.successSoft = hex(0x1a3225);
    t.selection = hex(0x2c4a78);
    t.findHit = hex(0x55461a);
    t.findHitCurrent = hex(0x775a15);
    t.focusRing = hex(0x6fa8ff);
    t.link = hex(0x82b4ff);

    auto &s = t.syntax;
    s.plain = hex(0xe3e6eb);
    s.keyword = hex(0xd59bf0);
    s.builtin = hex(0x6fc7dd);
    s.string = hex(0x97cf8a);
    s.escape = hex(0xe5bb73);
    s.number = hex(0xeda878);
    s.comment = hex(0x8b94a1);
    s.function = hex(0x86b7ff);
    s.type = hex(0xe5c07b);
    s.decorator = hex(0xdcbf72);
    s.operatorSign = hex(0xb9c1cc);
    s.magic = hex(0xf08fc4);
    s.error = hex(0xf68580);
    s.caretLine = hex(0x1d2127);
    s.lineNumber = hex(0x6b7481);
    s.indentGuide = hex(0x2b3037);
    s.bracketMatch = hex(0x2f4a73);
    s.bracketBad = hex(0x5c2a2c);

    t.ansi = {hex(0x7f8894), hex(0xf0716c), hex(0x61c088), hex(0xdcae55),
              hex(0x6fa8ff), hex(0xd08cee), hex(0x5fc0d8), hex(0xc9cfd8),
              hex(0x929ba7), hex(0xff938e), hex(0x7fd9a4), hex(0xf0c874),
              hex(0x93bfff), hex(0xe0adf7), hex(0x86d6ea), hex(0xf2f4f7)};
    return t;
}

void setFonts(Theme &theme, int codePixels)
{
    const QFont ui = interfaceFont();
    theme.caption = sized(ui, 11, QFont::Normal);
    theme.body = sized(ui, 13, QFont::Normal);
    theme.bodyStrong = sized(ui, 13, QFont::DemiBold);
    theme.title = sized(ui, 15, QFont::DemiBold);
    theme.heading = sized(ui, 20, QFont::DemiBold);
    theme.code = sized(codeFont(), codePixels, QFont::Normal);
}

} // namespace farcell
