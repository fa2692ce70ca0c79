package password

import (
	"strings"
	"sync"
)

// What Koreans are known to choose, in Hangul. On a Latin layout the same keys give 비밀번호 = qlalfqjsgh.
const koreanList = `비밀번호 비번 암호 패스워드 사랑해 사랑해요 사랑합니다 사랑 안녕하세요 안녕 반갑습니다 감사합니다 고맙습니다 대한민국 대한독립만세 만세
한국 한글 서울 부산 제주도 코리아 조선 태극기 무궁화 동해물과 백두산이 애국가 독도는 우리땅 관리자 로그인 회원가입 아이디 이메일 인터넷 컴퓨터
키보드 모니터 프로그램 개발자 회사 학교 대학교 학생 선생님 친구 가족 엄마 아빠 아들 우리 오빠 언니 누나 동생 여보 자기야 바보 천사 공주 왕자
나비 고양이 강아지 토끼 호랑이 축구 야구 농구 월드컵 게임 스타크래프트 리니지 롤 행복 행복하자 희망 소망 믿음 하나님 하느님 예수님 부처님 교회
성당 돈 부자 대박 화이팅 파이팅 건강 평화 자유 삼성 삼성전자 엘지 현대 기아 네이버 카카오 카카오톡 다음 구글 애플 은행 국민 신한 하나
김치 치킨 맥주 소주 커피 라면 비빔밥 불고기 봄 여름 가을 겨울 하늘 바다 구름 별 햇님 달님 무지개 일이삼사 하나둘셋 가나다라 가나다라마바사 아자차카타파하
나는너를사랑해 사랑한다 좋아해 보고싶다 미안해 괜찮아 아이유 방탄소년단 소녀시대 열려라참깨 그대`

// koreanWords are the words of the list, in Hangul and as Latin keys.
var koreanWords = sync.OnceValue(func() (words [][]rune) {
	for w := range strings.FieldsSeq(koreanList) {
		hangul, latin := []rune(w), []rune(strings.ToLower(latinKeys(w)))
		if len(hangul) >= 2 {
			words = append(words, hangul)
		}
		if len(latin) >= 4 {
			words = append(words, latin)
		}
	}
	return words
})

// The keys of the two-set layout (KS X 5002) for the three parts of a syllable, in Unicode's order.
var (
	leadKeys  = strings.Fields("r R s e E f a q Q t T d w W c z x v g")
	vowelKeys = strings.Fields("k o i O j p u P h hk ho hl y n nj np nl b m ml l")
	tailKeys  = strings.Fields("- r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g")
)

// latinKeys is what Hangul typed on a Latin layout looks like. Unicode chapter 3.12: a syllable is 0xAC00 + (lead*21 + vowel)*28 + tail.
func latinKeys(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0xAC00 || r > 0xD7A3 {
			b.WriteRune(r)
			continue
		}
		n := int(r - 0xAC00)
		b.WriteString(leadKeys[n/28/21])
		b.WriteString(vowelKeys[n/28%21])
		if tail := n % 28; tail > 0 {
			b.WriteString(tailKeys[tail])
		}
	}
	return b.String()
}
